// Checks whether a token may make an append, and removes from its errors what the token may not read.
import type { Access, Scope } from '../auth/access.js'
import { isServiceStream, streamFault } from '../contract/check/check-names.js'
import { isObject } from '../contract/check/field-checks.js'
import type { Condition } from '../contract/condition.js'
import { conflictOf } from '../contract/conflict.js'
import { StoreError, type Violation } from '../contract/errors.js'
import type { RecordedEvent } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import { Turn } from '../contract/turns.js'
import type { AppendInput } from './append-body.js'

/** Throws FORBIDDEN. Malformed stream names are skipped, because the store refuses them with the exact reason. */
export function checkWriteScope(access: Access, { events, expectations }: AppendInput): void {
  let checked: unknown
  for (const stream of streamsOf(events)) {
    if (stream === checked || streamFault(stream) !== undefined) continue
    if (isServiceStream(stream)) throw new StoreError('SERVICE_STREAM', `${stream} is a stream of the service itself.`)
    if (!access.covers('events.write', stream))
      forbid(`The scope events.write of this token ${coveredBy(access, 'events.write')}, and not ${stream}.`)
    checked = stream
  }
  for (const stream of streamsOf(expectations)) {
    if (streamFault(stream) !== undefined) continue
    if (access.covers('events.write', stream) || access.covers('events.read', stream)) continue
    const both = `events.write of this token ${coveredBy(access, 'events.write')}, its events.read ${coveredBy(access, 'events.read')}`
    forbid(`A revision of ${stream} is expected, which neither scope covers: ${both}.`)
  }
}

/** A token may name thousands of patterns, and the answer shows the first of them. */
const SHOWN_PATTERNS = 8
const SHOWN_CHARS = 400

function coveredBy(access: Access, scope: Scope): string {
  const patterns = access.patternsOf(scope)
  const shown: string[] = []
  let chars = 0
  for (const pattern of patterns.slice(0, SHOWN_PATTERNS)) {
    chars += pattern.length
    if (chars > SHOWN_CHARS && shown.length > 0) break
    shown.push(pattern)
  }
  if (shown.length < patterns.length) shown.push(`${patterns.length - shown.length} more`)
  return shown.length === 0 ? 'covers nothing' : `covers ${listed(shown)}`
}

function listed(items: readonly string[]): string {
  const last = items.at(-1) as string
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}

function* streamsOf(list: unknown): Generator<string> {
  if (!Array.isArray(list)) return
  for (const item of list) {
    if (isObject(item) && typeof item['stream'] === 'string') yield item['stream']
  }
}

function forbid(detail: string): never {
  throw new StoreError('FORBIDDEN', detail)
}

const HIDDEN = 'matches an event that this token may not read'

export interface Told {
  readonly error: StoreError
  /** True when the error reveals only that a hidden event exists; the caller counts that as a denial. */
  readonly tellsOfHidden: boolean
}

/**
 * A condition counts every event, but its violation may name only events the token may read: the first of those that
 * match. That a hidden event alone matched is revealed only where everything else held, so each such probe either
 * stores an event or is counted as a denial. Rejects when the events cannot be read and nothing else can be told: that
 * is no denial.
 */
export async function withoutHidden(
  error: StoreError,
  { condition }: AppendInput,
  access: Access,
  store: EventStore,
): Promise<Told> {
  const within = access.within('events.read')
  if (within === undefined || condition === undefined || error.violations.length === 0) {
    return { error, tellsOfHidden: false }
  }
  // Searched whether or not the condition held, so that the time taken does not reveal which.
  let unread: { readonly error: unknown } | undefined
  const readable = await firstReadable(condition, within, store).catch((failure: unknown) => {
    unread = { error: failure }
    return undefined
  })
  const revisions = error.violations.filter(({ kind }) => kind === 'revision')
  if (revisions.length === error.violations.length) return { error, tellsOfHidden: false }
  const told = readable === undefined ? revisions : [...revisions, readable]
  if (told.length > 0) return { error: conflictOf(told, error.errors), tellsOfHidden: false }
  if (unread !== undefined) throw unread.error
  const errors = [...error.errors, { pointer: '/condition', detail: HIDDEN }]
  return { error: new StoreError('CONDITION_FAILED', `the condition ${HIDDEN}`, { errors }), tellsOfHidden: true }
}

/** A damaged event is skipped, because an event that cannot be read cannot be shown to be readable. */
const SKIPPED = () => undefined

async function firstReadable(
  { failIfEventsMatch: { items }, after = 0 }: Condition,
  within: readonly string[],
  store: EventStore,
): Promise<Violation | undefined> {
  const turn = new Turn()
  let first: RecordedEvent | undefined
  for (const { types = [], tags = [] } of items) {
    const filter = { within, ...(types.length > 0 ? { types: distinct(types) } : {}), tags: distinct(tags) }
    const before = first === undefined ? {} : { before: first.position }
    for await (const event of store.read({ filter, after, ...before, limit: 1, onDamaged: SKIPPED })) first = event
    if (turn.isOver) await turn.next()
  }
  return first && { kind: 'condition', id: first.id, position: first.position, type: first.type }
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)]
}
