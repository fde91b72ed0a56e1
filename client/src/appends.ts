// The request and the answer of an append, and whether a failed one may have been stored.
import type { CallOptions } from './call.js'
import { type LighthouseError, outcomeOf, withFacts } from './errors.js'
import type { ExpectedRevision, NewEvent, Position, Revision, StreamEvent } from './event.js'

export interface Expectation {
  readonly stream: string
  readonly expectedRevision: ExpectedRevision
}

/** The append fails if such events exist, in any stream: a consistency boundary that the caller draws. */
export interface Condition {
  readonly failIfEventsMatch: {
    /** The items are OR-ed, the types of an item are OR-ed, its tags AND-ed. */
    readonly items: readonly {
      readonly types?: readonly string[] | undefined
      readonly tags?: readonly string[] | undefined
    }[]
  }
  /** Only events beyond this position can fail the append. */
  readonly after?: Position | undefined
}

interface AppendSettings extends CallOptions {
  readonly condition?: Condition | undefined
  /** The idempotency key: an agent's append under one key is stored once within 24 hours. Made when none is given. */
  readonly key?: string | undefined
}

/** The options for one event, or for events of one stream. */
export interface AppendOptions extends AppendSettings {
  readonly expectedRevision?: ExpectedRevision | undefined
}

/** The options for events of several streams. */
export interface BatchAppendOptions extends AppendSettings {
  readonly expectations?: readonly Expectation[] | undefined
}

export type Durability = 'fsync' | 'quorum' | 'memory'

/** What the store assigned to one event. */
export interface Appended {
  readonly id: string
  readonly position: Position
  readonly stream: string
  readonly revision: Revision
  readonly timestamp: string
  /** True when an earlier append under the same key had already stored it. */
  readonly duplicate: boolean
  readonly durability: Durability
}

export interface AppendedBatch {
  /** One entry for each event, in the order of the request and at consecutive positions. */
  readonly events: readonly Pick<Appended, 'id' | 'position' | 'stream' | 'revision'>[]
  readonly firstPosition: Position
  readonly lastPosition: Position
  readonly duplicate: boolean
  readonly durability: Durability
}

/**
 * An append as it is sent. Each try sends the same texts, because the server refuses other content under a used key; to
 * the server a frame with the fields and a request with the body are the same append.
 */
export interface AskedAppend {
  readonly path: 'v1/events' | 'v1/events/batch'
  readonly key: string
  /** The events as JSON, without brackets. */
  readonly events: string
  /** What is asked of streams and of other events, as further fields: empty, or with a comma in front. */
  readonly terms: string
  /** The same as the body of one event says it. */
  readonly termsOfOne: string
}

export function askedOne(event: NewEvent, { expectedRevision, condition, key }: AppendOptions): AskedAppend {
  // An event has no fields of these names; what a caller puts there must not be taken for an option.
  const events = JSON.stringify({ ...event, expectedRevision: undefined, condition: undefined })
  const about = fieldOf('condition', condition)
  const expectations = expectedRevision === undefined ? undefined : [{ stream: event.stream, expectedRevision }]
  return {
    path: 'v1/events',
    key: key ?? newKey(),
    events,
    terms: fieldOf('expectations', expectations) + about,
    termsOfOne: fieldOf('expectedRevision', expectedRevision) + about,
  }
}

export function askedBatch(events: readonly NewEvent[], options: BatchAppendOptions): AskedAppend {
  const { expectations, condition, key } = options
  const terms = fieldOf('expectations', expectations) + fieldOf('condition', condition)
  const text = JSON.stringify(events).slice(1, -1)
  return { path: 'v1/events/batch', key: key ?? newKey(), events: text, terms, termsOfOne: '' }
}

function fieldOf(name: string, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? '' : `,"${name}":${text}`
}

/** The body of a plain request. */
export function bodyOf({ path, events, terms, termsOfOne }: AskedAppend): string {
  if (path === 'v1/events/batch') return `{"events":[${events}]${terms}}`
  if (termsOfOne === '') return events
  return events === '{}' ? `{${termsOfOne.slice(1)}}` : `${events.slice(0, -1)}${termsOfOne}}`
}

/** Turns events of one stream into a batch that expects the stream as a whole to be at one revision. */
export function placedIn(
  stream: string,
  events: readonly StreamEvent[],
  { expectedRevision, ...rest }: AppendOptions,
): { readonly events: readonly NewEvent[]; readonly options: BatchAppendOptions } {
  const expectations = expectedRevision === undefined ? undefined : [{ stream, expectedRevision }]
  return { events: events.map(event => ({ ...event, stream })), options: { ...rest, expectations } }
}

/** Takes the single event out of the answer to a batch of one. */
export function onlyOne({ events, duplicate, durability }: AppendedBatch): Appended {
  const [only] = events as readonly [AppendedBatch['events'][0]]
  return { ...only, timestamp: timestampOf(only.id), duplicate, durability }
}

/** The time of an event as RFC 3339, taken from its id because the answer to a batch has no times. */
export function timestampOf(id: string): string {
  const nanoseconds = BigInt(id.slice(0, id.indexOf('_')))
  const seconds = new Date(Number(nanoseconds / 1_000_000_000n) * 1000).toISOString().slice(0, -'.000Z'.length)
  return `${seconds}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}Z`
}

/** 128 random bits. `randomUUID` would not do, because browsers offer it only on pages served by https. */
export function newKey(): string {
  let key = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) key += HEX[byte]
  return key
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * These refusals decide the earlier tries too. The server looks up the key before it compares revisions, so a conflict
 * means that nothing is stored under it; and a request that breaks a rule breaks it at every try.
 */
const DECIDES: ReadonlySet<string> = new Set([
  'REVISION_CONFLICT',
  'CONDITION_FAILED',
  'KEY_REUSED',
  'INVALID_EVENT',
  'INVALID_REQUEST',
  'EVENT_TOO_LARGE',
  'BATCH_TOO_LARGE',
  'BODY_TOO_LARGE',
  'MALFORMED_BODY',
])

/** Watches the tries of one append, because an early try may have been stored although the last one was refused. */
export class Fate {
  private inDoubt = false

  constructor(private readonly key: string) {}

  failed(error: LighthouseError): void {
    if (DECIDES.has(error.code)) this.inDoubt = false
    else if (outcomeOf(error) === 'indeterminate') this.inDoubt = true
  }

  /** The last failure, with the outcome of all tries together. */
  told(error: LighthouseError): LighthouseError {
    return withFacts(error, { key: this.key, outcome: this.inDoubt ? 'indeterminate' : 'rejected' })
  }
}
