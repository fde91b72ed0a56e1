// Writes recorded events as CloudEvents 1.0 in JSON: docs/CLOUDEVENTS.md says which attribute is which field.

import { isObject } from '../contract/check/field-checks.js'
import type { JsonValue, SaidEvent } from '../contract/event.js'

/** What comes before the name of the stream in a `source`. */
export const SOURCE_PREFIX = '/streams/'

/** Where an event's metadata keeps the attributes that no field of ours is for. */
export const CARRIED = 'cloudevent'

/** What this service assigns. An event that it gave out is assigned all of them anew when it comes in again. */
export const ASSIGNED: ReadonlySet<string> = new Set([
  ...['id', 'recordedtime', 'position', 'revision', 'agentid', 'agentidjson', 'onbehalfof'],
  ...['traceparent', 'traceparentjson', 'checksum'],
])

/** Attributes that are fields of ours; every other one is carried in the metadata. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['specversion', 'source', 'type', 'time', 'datacontenttype', 'data', 'stream', 'schemaversion'],
  ...['correlationid', 'correlationidjson', 'causationid', 'causationidjson', 'sessionid', 'sessionidjson'],
  ...['tags', 'parents', 'metadata'],
])

/** What an append is made conditional with elsewhere: kept as an attribute it would be a condition that does not hold. */
export const NO_ATTRIBUTES: ReadonlySet<string> = new Set(['expectedrevision', 'condition', 'expectations'])

export function isCarried(name: string): boolean {
  return !FIELDS.has(name) && !ASSIGNED.has(name) && !NO_ATTRIBUTES.has(name)
}

const ATTRIBUTE_NAME = /^[a-z0-9]+$/
/** Control characters, halves of surrogate pairs and noncharacters: no attribute may hold them. */
const ILLEGAL = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
const EACH_ILLEGAL = new RegExp(ILLEGAL.source, 'gu')
const INTEGER_MAX = 2 ** 31 - 1
const INTEGER_MIN = -(2 ** 31)

export function isAttributeName(name: string): boolean {
  return ATTRIBUTE_NAME.test(name) && name !== 'data'
}

/** A string, a boolean, or an integer of 32 bits. */
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
    // As text: an integer of CloudEvents has 32 bits.
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

/** The JSON Batch Format. */
export function cloudEventsJson(events: readonly SaidEvent[]): string {
  return `[${events.map(cloudEventJson).join(',')}]`
}

/** What no attribute may hold is said as JSON, under a name of its own. */
function text(said: Record<string, JsonValue>, name: string, value: string | undefined): void {
  if (value === undefined) return
  if (isAttributeValue(value)) said[name] = value
  else said[`${name}json`] = jsonText(value)
}

/** JSON in ASCII where it has to be: the text is a legal attribute whatever it says. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(EACH_ILLEGAL, found => {
    let escaped = ''
    for (let at = 0; at < found.length; at++) escaped += `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`
    return escaped
  })
}

/** Attributes that came in with the event go out with it, beside what the metadata says. */
function carry(said: Record<string, JsonValue>, carried: unknown): void {
  if (!isObject(carried)) return
  for (const [name, value] of Object.entries(carried)) {
    if (isAttributeName(name) && isCarried(name) && isAttributeValue(value)) said[name] = value
  }
}
