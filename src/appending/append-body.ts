// Turns the body of an append into a request to the store, and the store's pointers back into those of the body. Pure.
import { streamFault } from '../contract/check/check-names.js'
import { checkUnknownFields, isObject } from '../contract/check/field-checks.js'
import { FieldFindings } from '../contract/check/field-findings.js'
import { ERRORS, type FieldError, invalid, StoreError } from '../contract/errors.js'
import type { AppendRequest } from '../contract/event-store.js'

/** The parts are as the client sent them, because the store checks all of them. */
export type AppendInput = Pick<AppendRequest, 'events' | 'expectations' | 'condition'>

/** The request to the store, and the mapping of the store's pointers to those of the body. */
export interface AppendBody {
  readonly asked: AppendInput
  readonly pointer: (of: string) => string
  /** The idempotency key that the body itself implies; a key in the request's header takes precedence. */
  readonly key?: string
}

const BATCH_FIELDS: ReadonlySet<string> = new Set(['events', 'expectations', 'condition'])
const STREAM_BATCH_FIELDS: ReadonlySet<string> = new Set(['events', 'condition'])

const ONE = 'must be one event, an object; many are sent to /v1/events/batch as {"events": […]}'
const MANY = 'must be an object that holds the events: {"events": […]}'
const ONE_OR_MANY = 'must be one event, an object, or {"events": […]}'

/** Takes the fields of one event and, beside them, `expectedRevision` and `condition`. */
export function singleAppend(body: unknown): AppendBody {
  const { expectedRevision, condition, ...event } = objectOf(body, ONE)
  const { stream } = event
  const expectations = expectedRevision === undefined ? undefined : [{ stream, expectedRevision }]
  return { asked: askedOf([event], expectations, condition), pointer: inSingle }
}

/** Takes `{events, expectations?, condition?}`. */
export function batchAppend(body: unknown): AppendBody {
  const { events, expectations, condition } = envelopeOf(objectOf(body, MANY), BATCH_FIELDS)
  return { asked: askedOf(events, expectations, condition), pointer: of => of }
}

/** Takes one event, or `{events, condition?}`; the path names the stream, so no event may. */
export function streamAppend(body: unknown, stream: string): AppendBody {
  const fault = streamFault(stream)
  if (fault !== undefined) throw invalid('', `the stream in the path ${fault}`)
  const given = objectOf(body, ONE_OR_MANY)
  if (Object.hasOwn(given, 'events')) {
    const { events, condition } = envelopeOf(given, STREAM_BATCH_FIELDS)
    const placed = Array.isArray(events) ? events.map((event, i) => into(stream, event, `/events/${i}`)) : events
    return { asked: askedOf(placed, undefined, condition), pointer: of => of }
  }
  if (Object.hasOwn(given, 'expectedRevision')) throw invalid('/expectedRevision', 'is said by If-Match on this route')
  const { condition, ...event } = given
  return { asked: askedOf([into(stream, event, '')], undefined, condition), pointer: inSingle }
}

function askedOf(events: unknown, expectations: unknown, condition: unknown): AppendInput {
  return {
    events,
    ...(expectations === undefined ? undefined : { expectations }),
    ...(condition === undefined ? undefined : { condition }),
  } as AppendInput
}

function into(stream: string, event: unknown, pointer: string): unknown {
  if (!isObject(event)) return event
  if (Object.hasOwn(event, 'stream')) throw invalid(`${pointer}/stream`, 'is said by the path on this route')
  return { ...event, stream }
}

function objectOf(body: unknown, rule: string): Record<string, unknown> {
  if (isObject(body)) return body
  if (body === undefined) throw new StoreError('MALFORMED_BODY', 'The body is empty.')
  throw invalid('', rule, `The body ${rule}`)
}

function envelopeOf(envelope: Record<string, unknown>, known: ReadonlySet<string>): Record<string, unknown> {
  const findings = new FieldFindings()
  checkUnknownFields(envelope, known, '', 'INVALID_REQUEST', findings)
  findings.settle()
  return envelope
}

function inSingle(pointer: string): string {
  if (pointer.startsWith('/events/0')) return pointer.slice('/events/0'.length)
  if (pointer.startsWith('/expectations/0')) return pointer.slice('/expectations/0'.length)
  return pointer === '/events' ? '' : pointer
}

/**
 * The store's error with the pointers of the body. Two pointers of the store may become one of the body (the stream of
 * a single event is also that of its expectation), so each finding is kept once.
 */
export function remapPointers(pointer: (of: string) => string, error: StoreError): StoreError {
  if (error.errors.length === 0) return error
  const seen = new Map<string, FieldError>()
  for (const { pointer: of, detail } of error.errors) {
    const found = { pointer: pointer(of), detail }
    seen.set(`${found.pointer}\n${detail}`, found)
  }
  const errors = [...seen.values()]
  return new StoreError(error.code, sentenceOf(error, errors), { errors, violations: error.violations, cause: error })
}

function sentenceOf({ code }: StoreError, errors: readonly FieldError[]): string {
  const { pointer, detail } = errors[0] as FieldError
  const others = errors.length - 1
  const more = others === 0 ? '' : ` (and ${others} more)`
  return `${ERRORS[code].title}: ${pointer === '' ? 'the request' : pointer} ${detail}${more}`
}
