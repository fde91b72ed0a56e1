// What an append asks and what it is answered; how one is told from many; what became of one that failed.
import type { CallOptions } from './call.js'
import { type LighthouseError, type Outcome, withFacts } from './errors.js'
import type { ExpectedRevision, NewEvent, Position, Revision, StreamEvent } from './event.js'

export interface Expectation {
  readonly stream: string
  readonly expectedRevision: ExpectedRevision
}

/** Fails the append if such events exist, in whatever stream: a consistency boundary of one's own. */
export interface Condition {
  readonly failIfEventsMatch: {
    /** OR-ed. The types of an item are OR-ed, its tags AND-ed. */
    readonly items: readonly {
      readonly types?: readonly string[] | undefined
      readonly tags?: readonly string[] | undefined
    }[]
  }
  /** Only events beyond this position count. */
  readonly after?: Position | undefined
}

interface AppendSettings extends CallOptions {
  readonly condition?: Condition | undefined
  /** The idempotency key: under one key an agent stores one thing, within 24 hours. One is made when none is given. */
  readonly key?: string | undefined
}

/** Of one event, or of events of one stream. */
export interface AppendOptions extends AppendSettings {
  readonly expectedRevision?: ExpectedRevision | undefined
}

/** Of events of many streams. */
export interface BatchAppendOptions extends AppendSettings {
  readonly expectations?: readonly Expectation[] | undefined
}

export type Durability = 'fsync' | 'quorum' | 'memory'

/** Where one event has its place. */
export interface Appended {
  readonly id: string
  readonly position: Position
  readonly stream: string
  readonly revision: Revision
  readonly timestamp: string
  /** It had been stored before, under the same key. */
  readonly duplicate: boolean
  readonly durability: Durability
}

export interface AppendedBatch {
  /** One for each event, in their order, at consecutive positions. */
  readonly events: readonly Pick<Appended, 'id' | 'position' | 'stream' | 'revision'>[]
  readonly firstPosition: Position
  readonly lastPosition: Position
  readonly duplicate: boolean
  readonly durability: Durability
}

/** What is sent: the same bytes however often. */
export interface AskedAppend {
  readonly path: 'v1/events' | 'v1/events/batch'
  readonly body: string
  readonly key: string
}

export function askedOne(event: NewEvent, { expectedRevision, condition, key }: AppendOptions): AskedAppend {
  const body = JSON.stringify({ ...event, expectedRevision, condition })
  return { path: 'v1/events', body, key: key ?? newKey() }
}

export function askedBatch(events: readonly NewEvent[], options: BatchAppendOptions): AskedAppend {
  const { expectations, condition, key } = options
  return { path: 'v1/events/batch', body: JSON.stringify({ events, expectations, condition }), key: key ?? newKey() }
}

/** Events of one stream, expected as a whole to find it at a revision. */
export function placedIn(
  stream: string,
  events: readonly StreamEvent[],
  { expectedRevision, ...rest }: AppendOptions,
): { readonly events: readonly NewEvent[]; readonly options: BatchAppendOptions } {
  const expectations = expectedRevision === undefined ? undefined : [{ stream, expectedRevision }]
  return { events: events.map(event => ({ ...event, stream })), options: { ...rest, expectations } }
}

/** What an answer to many says of the only one. */
export function onlyOne({ events, duplicate, durability }: AppendedBatch): Appended {
  const [only] = events as readonly [AppendedBatch['events'][0]]
  return { ...only, timestamp: timestampOf(only.id), duplicate, durability }
}

/** The reading of the clock that an event's id begins with. */
export function timestampOf(id: string): string {
  const nanoseconds = BigInt(id.slice(0, id.indexOf('_')))
  const seconds = new Date(Number(nanoseconds / 1_000_000_000n) * 1000).toISOString().slice(0, -'.000Z'.length)
  return `${seconds}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}Z`
}

/** 128 bits of chance. Unlike randomUUID, these are there on pages without https too. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** Answers that the request itself deserves, whenever it comes: they decide an append that may have been tried before. */
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

/** Follows the tries of one append, and knows at their end whether it can have been stored. */
export class Fate {
  private inDoubt = false

  constructor(private readonly key: string) {}

  failed(error: LighthouseError): void {
    if (DECIDES.has(error.code)) this.inDoubt = false
    else if (outcomeOf(error) === 'indeterminate') this.inDoubt = true
  }

  /** The last failure, told as the failure of all tries. */
  told(error: LighthouseError): LighthouseError {
    return withFacts(error, { key: this.key, outcome: this.inDoubt ? 'indeterminate' : 'rejected' })
  }
}

/** Of one try. A server that refuses in its own words has stored nothing; anything else may have come after it stored. */
function outcomeOf({ outcome, code, status }: LighthouseError): Outcome {
  if (outcome !== undefined) return outcome
  if (code === 'INDETERMINATE' || code === 'INTERNAL' || code === 'NETWORK') return 'indeterminate'
  if (code !== 'BAD_ANSWER') return 'rejected'
  return status !== undefined && status >= 400 && status < 500 ? 'rejected' : 'indeterminate'
}
