// Reads one CloudEvent as a new event: maps attributes to fields and keeps the others in the metadata. Pure.

import { isObject } from '../contract/check/field-checks.js'
import type { FieldFindings } from '../contract/check/field-findings.js'
import { isEventId } from '../contract/event-id.js'
import {
  ASSIGNED,
  CARRIED,
  isAttributeName,
  isAttributeValue,
  isCarried,
  NO_ATTRIBUTES,
  SOURCE_PREFIX,
} from '../wire/cloud-events/cloud-event.js'
import { parseJsonBody } from '../wire/json-body.js'

export interface ReadCloudEvent {
  readonly source: string
  readonly id: string
  /** The fields of a new event; the store checks them later. */
  readonly event: Readonly<Record<string, unknown>>
}

type Attributes = Readonly<Record<string, unknown>>

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i
const STREAM_RULE = `must be ${SOURCE_PREFIX}<stream>, or the attribute stream must name the stream`
const CONDITION_RULE = 'is no attribute: send a conditional append as application/json'

/** Returns undefined only after adding a finding. `at` makes the pointer of an attribute. */
export function readCloudEvent(
  given: unknown,
  at: (name: string) => string,
  findings: FieldFindings,
): ReadCloudEvent | undefined {
  return new Reading(at, findings).read(given)
}

class Reading {
  constructor(
    private readonly at: (name: string) => string,
    private readonly findings: FieldFindings,
  ) {}

  read(given: unknown): ReadCloudEvent | undefined {
    if (!isObject(given)) return this.fault('', 'must be a CloudEvent: a JSON object')
    const attributes = this.attributesOf(given)
    const { specversion, source, id, datacontenttype } = attributes
    if (specversion !== '1.0') this.fault('specversion', 'must be "1.0"')
    if (typeof id !== 'string' || id === '') this.fault('id', 'must be a string that is not empty')
    if (datacontenttype !== undefined && !JSON_TYPE.test(String(datacontenttype)))
      this.fault('datacontenttype', 'must be application/json: the store keeps JSON objects')
    if (typeof source !== 'string' || source === '' || typeof id !== 'string') {
      if (typeof source !== 'string' || source === '') this.fault('source', 'must be a URI reference')
      return undefined
    }
    const stream = attributes['stream'] ?? streamIn(source)
    if (stream === undefined) return this.fault('source', STREAM_RULE)
    const ownSource = source === `${SOURCE_PREFIX}${stream}`
    const event = this.eventOf(attributes, { stream, ownSource, givenOut: ownSource && isEventId(id) })
    return { source, id, event: { ...event, data: given['data'] === undefined ? {} : given['data'] } }
  }

  /** All attributes but `data`. JSON may write an absent attribute as null, so null counts as absent. */
  private attributesOf(given: Attributes): Attributes {
    const attributes: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(given)) {
      if (value === null || name === 'data') continue
      if (name === 'data_base64') this.fault(name, 'is binary data: the store keeps JSON objects, as data')
      else if (NO_ATTRIBUTES.has(name)) this.fault(name, CONDITION_RULE)
      else if (!isAttributeName(name)) this.fault(name, 'is no name of an attribute: those are of a-z and 0-9')
      else if (!isAttributeValue(value)) this.fault(name, VALUE_RULE)
      else attributes[name] = value
    }
    return attributes
  }

  private eventOf(
    attributes: Attributes,
    known: { readonly stream: unknown; readonly ownSource: boolean; readonly givenOut: boolean },
  ): Readonly<Record<string, unknown>> {
    const { time, recordedtime, type, schemaversion } = attributes
    const occurredAt = known.givenOut && time === recordedtime ? undefined : time
    const fields = {
      type,
      stream: known.stream,
      schemaVersion: typeof schemaversion === 'string' ? numberIn(schemaversion) : schemaversion,
      correlationId: this.textOf(attributes, 'correlationid'),
      causationId: this.textOf(attributes, 'causationid'),
      sessionId: this.textOf(attributes, 'sessionid'),
      occurredAt,
      tags: this.jsonOf(attributes, 'tags'),
      parents: this.jsonOf(attributes, 'parents'),
      metadata: this.metadataOf(attributes, carriedOf(attributes, known)),
    }
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  }

  /** A text with characters that no attribute may hold is sent as JSON under `<name>json`. */
  private textOf(attributes: Attributes, name: string): unknown {
    const asJson = `${name}json`
    return attributes[asJson] === undefined ? attributes[name] : this.jsonOf(attributes, asJson)
  }

  private jsonOf(attributes: Attributes, name: string): unknown {
    const text = attributes[name]
    if (text === undefined) return undefined
    try {
      // In an array, a JSON text of any type is a legal body, so the same limits and checks apply.
      const [value, ...more] = parseJsonBody(Buffer.from(`[${text}]`)) as unknown[]
      if (more.length === 0 && value !== undefined) return value
    } catch {
      // The fault below names the attribute, because an offset in its text is no position in the body.
    }
    return this.fault(name, 'must be JSON in a string, without duplicate keys and inexact numbers')
  }

  private metadataOf(attributes: Attributes, carried: Attributes): unknown {
    const metadata = this.jsonOf(attributes, 'metadata')
    if (Object.keys(carried).length === 0 || (metadata !== undefined && !isObject(metadata))) return metadata
    const before = metadata?.[CARRIED]
    if (before !== undefined && !isObject(before))
      return this.fault('metadata', `must have an object as ${CARRIED}, where attributes are kept`)
    return { ...metadata, [CARRIED]: { ...before, ...carried } }
  }

  private fault(name: string, detail: string): undefined {
    this.findings.add('INVALID_EVENT', name === '' ? this.at('').slice(0, -1) : this.at(name), detail)
  }
}

const VALUE_RULE = 'must be a string without control characters, a boolean or an integer of 32 bits'

function streamIn(source: string): string | undefined {
  return source.startsWith(SOURCE_PREFIX) ? source.slice(SOURCE_PREFIX.length) : undefined
}

function numberIn(text: string): unknown {
  return /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : text
}

/** Attributes without a field of ours. Those this service assigned are left out of an event it gave out. */
function carriedOf(
  attributes: Attributes,
  { ownSource, givenOut }: { readonly ownSource: boolean; readonly givenOut: boolean },
): Attributes {
  const kept = Object.entries(attributes).filter(([name]) => {
    if (name === 'source') return !ownSource
    return isCarried(name) || (ASSIGNED.has(name) && !givenOut)
  })
  return Object.fromEntries(kept)
}
