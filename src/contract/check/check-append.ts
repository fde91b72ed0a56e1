// Checks an untrusted append against every rule of the contract, and reports all faults at once.

import { StoreError } from '../errors.js'
import { Packed } from '../event.js'
import type { AppendRequest } from '../event-store.js'
import { LIMITS } from '../limits.js'
import { timeFault } from '../rfc3339.js'
import {
  agentFault,
  eventIdFault,
  isServiceStream,
  keyFault,
  referenceFault,
  schemaVersionFault,
  streamFault,
  tagFault,
  typeFault,
} from './check-names.js'
import { checkCondition, checkExpectations } from './check-preconditions.js'
import { checkUnknownFields, type FaultOf, isObject, keysFault, listFault, mustBe } from './field-checks.js'
import { FieldFindings } from './field-findings.js'
import { type EventField, fieldPointer, isPlainObject, JsonWalk } from './json-walk.js'

/** The author of the service's own events, the only one who may write to `$…` streams. */
export const SERVICE_AGENT = '$service'

const SERVICE_ONLY = 'must not start with $: such streams are written by the service alone'
const REQUEST_FIELDS = new Set(['events', 'author', 'expectations', 'condition', 'key'])
const AUTHOR_FIELDS = new Set(['agentId', 'onBehalfOf', 'correlationId', 'traceparent'])
const EVENT_FIELDS = new Set([
  'type',
  'stream',
  'data',
  'metadata',
  'tags',
  'schemaVersion',
  'correlationId',
  'causationId',
  'sessionId',
  'parents',
  'occurredAt',
])

// One walk serves all requests. A getter in the data of a request may itself append, so a walk in use is not shared.
let idleWalk: JsonWalk | undefined = new JsonWalk()

class AppendCheck {
  private readonly findings = new FieldFindings()
  private byService = false
  private batchBytes = 0
  /** Keys in the payloads of the current event, as far as they are counted here. */
  private keys = 0

  /** Without a walk, payloads that are objects are not looked into, and the encoder has to refuse what is not JSON. */
  constructor(
    private readonly walk: JsonWalk | undefined,
    private mostKeys: number = LIMITS.eventKeys,
  ) {}

  run(request: unknown): void {
    if (isObject(request)) this.request(request)
    else this.findings.add('INVALID_REQUEST', '', 'must be an object')
    this.findings.settle()
  }

  private request(request: Record<string, unknown>): void {
    const { events, author, expectations, condition, key } = request
    checkUnknownFields(request, REQUEST_FIELDS, '', 'INVALID_REQUEST', this.findings)
    this.author(author)
    this.events(events)
    if (expectations !== undefined) checkExpectations(expectations, this.findings)
    if (condition !== undefined) checkCondition(condition, this.findings)
    if (key !== undefined) this.requestField('/key', keyFault(key))
  }

  private requestField(pointer: string, fault: string | undefined): void {
    if (fault !== undefined) this.findings.add('INVALID_REQUEST', pointer, fault)
  }

  private author(author: unknown): void {
    if (!isObject(author)) {
      this.requestField('/author', mustBe('an object', author))
      return
    }
    const { agentId, onBehalfOf, correlationId, traceparent } = author
    checkUnknownFields(author, AUTHOR_FIELDS, '/author', 'INVALID_REQUEST', this.findings)
    this.requestField('/author/agentId', agentFault(agentId))
    if (onBehalfOf !== undefined) {
      const fault = listFault(onBehalfOf, LIMITS.onBehalfOfLinks)
      this.requestField('/author/onBehalfOf', fault)
      if (fault === undefined) {
        for (const [i, link] of (onBehalfOf as unknown[]).entries()) {
          this.requestField(`/author/onBehalfOf/${i}`, agentFault(link))
        }
      }
    }
    if (correlationId !== undefined) this.requestField('/author/correlationId', referenceFault(correlationId))
    if (traceparent !== undefined) this.requestField('/author/traceparent', referenceFault(traceparent))
    this.byService = agentId === SERVICE_AGENT
    // The events of the service are bounded where they are made.
    if (this.byService) this.mostKeys = Number.POSITIVE_INFINITY
  }

  private events(events: unknown): void {
    const { findings } = this
    if (!Array.isArray(events) || events.length === 0) {
      this.requestField('/events', mustBe(`an array of 1 to ${LIMITS.batchEvents} events`, events))
      return
    }
    if (events.length > LIMITS.batchEvents) {
      const detail = `must hold at most ${LIMITS.batchEvents} events, not ${events.length}`
      findings.add('BATCH_TOO_LARGE', '/events', detail)
      return
    }
    for (let i = 0; i < events.length && !findings.full; i++) {
      this.event(i, events[i])
      if (this.batchBytes > LIMITS.batchBytes) {
        findings.add('BATCH_TOO_LARGE', '/events', `must be at most ${LIMITS.batchBytes} bytes together`)
        return
      }
    }
  }

  private event(index: number, event: unknown): void {
    if (!isObject(event)) {
      this.findings.add('INVALID_EVENT', `/events/${index}`, 'must be an object')
      return
    }
    const { type, stream, data, metadata, tags, schemaVersion } = event
    const { correlationId, causationId, sessionId, parents, occurredAt } = event
    for (const name in event) {
      if (!EVENT_FIELDS.has(name)) {
        checkUnknownFields(event, EVENT_FIELDS, `/events/${index}`, 'INVALID_EVENT', this.findings)
        break
      }
    }
    this.field(index, 'type', typeFault(type))
    this.stream(index, stream)
    this.keys = 0
    let bytes = this.payload(data, LIMITS.eventBytes, { event: index, field: 'data' })
    if (metadata !== undefined) {
      bytes += this.payload(metadata, LIMITS.metadataBytes, { event: index, field: 'metadata' })
      if (bytes > LIMITS.eventBytes) this.tooLarge(`/events/${index}`, LIMITS.eventBytes)
    }
    if (this.keys > this.mostKeys) {
      this.findings.add('INVALID_EVENT', `/events/${index}`, `${keysFault(this.mostKeys)} in data and metadata`)
    }
    this.batchBytes += bytes
    if (tags !== undefined) this.list(index, 'tags', tags, LIMITS.tagsPerEvent, tagFault)
    if (parents !== undefined) this.list(index, 'parents', parents, LIMITS.parentsPerEvent, eventIdFault)
    if (schemaVersion !== undefined) this.field(index, 'schemaVersion', schemaVersionFault(schemaVersion))
    if (correlationId !== undefined) this.field(index, 'correlationId', referenceFault(correlationId))
    if (causationId !== undefined) this.field(index, 'causationId', referenceFault(causationId))
    if (sessionId !== undefined) this.field(index, 'sessionId', referenceFault(sessionId))
    if (occurredAt !== undefined) this.field(index, 'occurredAt', timeFault(occurredAt))
  }

  private field(index: number, name: string, fault: string | undefined): void {
    if (fault !== undefined) this.findings.add('INVALID_EVENT', `/events/${index}/${name}`, fault)
  }

  private stream(index: number, stream: unknown): void {
    const fault = streamFault(stream)
    const forbidden = fault === undefined && !this.byService && isServiceStream(stream as string)
    this.field(index, 'stream', forbidden ? SERVICE_ONLY : fault)
  }

  private list(index: number, name: string, list: unknown, most: number, faultOf: FaultOf): void {
    const fault = listFault(list, most)
    if (fault !== undefined) {
      this.field(index, name, fault)
      return
    }
    const items = list as readonly unknown[]
    for (let i = 0; i < items.length; i++) {
      const itemFault = faultOf(items[i])
      if (itemFault !== undefined) this.field(index, `${name}/${i}`, itemFault)
    }
  }

  /** Answers the least number of bytes the payload can take. */
  private payload(payload: unknown, most: number, at: EventField): number {
    if (payload instanceof Packed) return this.packed(payload, most, at)
    if (!isPlainObject(payload) || Array.isArray(payload)) {
      this.field(at.event, at.field, mustBe('an object', payload))
      return 0
    }
    if (this.walk === undefined) return 0
    const bytes = this.walk.measure(payload, { bytes: most, keys: this.mostKeys }, this.findings, at)
    this.keys += this.walk.keys
    return bytes > most ? this.tooLarge(fieldPointer(at), most) : bytes
  }

  private packed(payload: Packed, most: number, at: EventField): number {
    const { bytes } = payload
    if (!(bytes instanceof Uint8Array)) {
      this.field(at.event, at.field, 'must hold its bytes in a Uint8Array')
      return 0
    }
    if (bytes.length > most) return this.tooLarge(fieldPointer(at), most)
    const keys = payload.count(this.mostKeys)
    if (typeof keys === 'number') this.keys += keys
    else this.field(at.event, at.field, `${keys.reason} (byte ${keys.offset} of its MessagePack)`)
    return bytes.length
  }

  /** Answers 0, so that an event that is refused anyway does not make the batch too large as well. */
  private tooLarge(pointer: string, most: number): 0 {
    this.findings.add('EVENT_TOO_LARGE', pointer, `must be at most ${most} bytes as stored`)
    return 0
  }
}

/**
 * Like `checkAppend`, but without a look into `data` and `metadata` that are objects: for a backend whose encoder
 * refuses what is not JSON. A request that the encoder refuses has to be given to `checkAppend`, which names the
 * faults.
 */
export function checkAppendAround(request: unknown): asserts request is AppendRequest {
  readable(() => new AppendCheck(undefined).run(request))
}

/**
 * Throws one StoreError that lists all that is wrong with the request, up to twenty findings. `mostKeys` may be greater
 * for events that are in a log already.
 */
export function checkAppend(request: unknown, mostKeys?: number): asserts request is AppendRequest {
  const walk = idleWalk ?? new JsonWalk()
  idleWalk = undefined
  try {
    readable(() => new AppendCheck(walk, mostKeys).run(request))
  } finally {
    idleWalk = walk
  }
}

function readable(check: () => void): void {
  try {
    check()
  } catch (error) {
    if (error instanceof StoreError) throw error
    // A getter or a proxy of the request has thrown, which is a defect of the request and not of the store.
    throw new StoreError('INVALID_REQUEST', 'The request cannot be read', { cause: error })
  }
}
