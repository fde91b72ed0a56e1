// Writes recorded events as CloudEvents 1.0 in JSON; docs/CLOUDEVENTS.md maps attributes to fields.

import { isObject } from '../../contract/check/field-checks.js'
import type { JsonValue, SaidEvent } from '../../contract/event.js'

export const SOURCE_PREFIX = '/streams/'

/** The key in an event's metadata under which attributes without a field of ours are kept. */
export const CARRIED = 'cloudevent'

/** Attributes that this service assigns. When an event it gave out is sent in again, they are assigned anew. */
export const ASSIGNED: ReadonlySet<string> = new Set([
  ...['id', 'recordedtime', 'position', 'revision', 'agentid', 'agentidjson', 'onbehalfof'],
  ...['traceparent', 'traceparentjson', 'checksum'],
])

/** Attributes that are fields of ours; every other attribute is carried in the metadata. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['specversion', 'source', 'type', 'time', 'datacontenttype', 'data', 'stream', 'schemaversion'],
  ...['correlationid', 'correlationidjson', 'causationid', 'causationidjson', 'sessionid', 'sessionidjson'],
  ...['tags', 'parents', 'metadata'],
])

/** Our own format makes an append conditional by these; as attributes they would be conditions that nobody checks. */
export const NO_ATTRIBUTES: ReadonlySet<string> = new Set(['expectedrevision', 'condition', 'expectations'])

export function isCarried(name: string): boolean {
  return !FIELDS.has(name) && !ASSIGNED.has(name) && !NO_ATTRIBUTES.has(name)
}

const ATTRIBUTE_NAME = /^[a-z0-9]+$/
/** CloudEvents forbids control characters, unpaired surrogates and noncharacters in attributes. */
const ILLEGAL = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
const EACH_ILLEGAL = new RegExp(ILLEGAL.source, 'gu')
const INTEGER_MAX = 2 ** 31 - 1
const INTEGER_MIN = -(2 ** 31)

export function isAttributeName(name: string): boolean {
  return ATTRIBUTE_NAME.test(name) && name !== 'data'
}

/** CloudEvents knows strings, booleans and integers of 32 bits. */
export function isAttributeValue(value: unknown): value is string | number | boolean {
  if (typeof value === 'string') return !ILLEGAL.test(value)
  if (typeof value === 'boolean') return true
  return Number.isInteger(value) && (value as number) >= INTEGER_MIN && (value as number) <= INTEGER_MAX
}

export function cloudEventJson(event: SaidEvent): string {
  const { id, stream, type, timestamp, occurredAt, metadata } = event
  const said: Record<string, JsonValue> = {
    specversion: '1.0',
    id,
    source: `${SOURCE_PREFIX}${stream}`,
    type,
    time: occurredAt ?? timestamp,
    // These are texts, because a position may exceed the 32 bits of a CloudEvents integer.
    recordedtime: timestamp,
    position: `${event.position}`,
    revision: `${event.revision}`,
    schemaversion: `${event.schemaVersion}`,
    checksum: event.checksum,
  }
  text(said, 'agentid', event.agentId)
  text(said, 'correlationid', event.correlationId)
  text(said, 'causationid', event.causationId)
  text(said, 'sessionid', event.sessionId)
  text(said, 'traceparent', event.traceparent)
  if (event.onBehalfOf !== undefined) said['onbehalfof'] = jsonText(event.onBehalfOf)
  if (event.tags.length > 0) said['tags'] = jsonText(event.tags)
  if (event.parents !== undefined) said['parents'] = jsonText(event.parents)
  if (metadata !== undefined) {
    said['metadata'] = jsonText(metadata)
    carry(said, metadata[CARRIED])
  }
  said['datacontenttype'] = 'application/json'
  said['data'] = event.data
  return JSON.stringify(said)
}

export function cloudEventsJson(events: readonly SaidEvent[]): string {
  return `[${events.map(cloudEventJson).join(',')}]`
}

/** A value with characters that no attribute may hold is written as JSON under `<name>json`, so that none is lost. */
function text(said: Record<string, JsonValue>, name: string, value: string | undefined): void {
  if (value === undefined) return
  if (isAttributeValue(value)) said[name] = value
  else said[`${name}json`] = jsonText(value)
}

/** Escapes the characters that an attribute may not hold, so that every JSON value is a legal attribute. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(EACH_ILLEGAL, found => {
    let escaped = ''
    for (let at = 0; at < found.length; at++) escaped += `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`
    return escaped
  })
}

/** Attributes that were sent in with the event are sent out with it again, beside the metadata that holds them. */
function carry(said: Record<string, JsonValue>, carried: unknown): void {
  if (!isObject(carried)) return
  for (const [name, value] of Object.entries(carried)) {
    if (isAttributeName(name) && isCarried(name) && isAttributeValue(value)) said[name] = value
  }
}
