// The model: the simplest event store, against which every other backend is judged; it keeps nothing on a disk.
import { randomBytes } from 'node:crypto'
import { checkAppend } from '../../contract/check/check-append.js'
import {
  checkFindKey,
  checkPosition,
  checkRead,
  checkStreamName,
  checkStreams,
} from '../../contract/check/check-read.js'
import { type Clock, MONOTONIC_CLOCK, SYSTEM_CLOCK } from '../../contract/clock.js'
import { itemMatches } from '../../contract/condition.js'
import { conflictOf } from '../../contract/conflict.js'
import { StoreError, type Violation } from '../../contract/errors.js'
import type { Author, Position, RecordedEvent, Revision } from '../../contract/event.js'
import { isNodeId } from '../../contract/event-id.js'
import {
  type Appended,
  type AppendRequest,
  type AppendTerms,
  EventStore,
  type ReadRequest,
  type StoreStatus,
  type StreamInfo,
  type StreamsRequest,
} from '../../contract/event-store.js'
import { revisionHolds } from '../../contract/expected-revision.js'
import { compileFilter, compileListing } from '../../contract/filter.js'
import { type ClockReading, HybridClock } from '../../contract/hybrid-clock.js'
import { LIMITS } from '../../contract/limits.js'
import type { Lineage } from '../../contract/lineage.js'
import { type Observer, Observers } from '../../contract/observer.js'
import { parseTime } from '../../contract/rfc3339.js'
import { SteadyClock } from '../../contract/steady-clock.js'
import { type Draft, draftsOf, fingerprintOf, memoryBytesOf, recordOf } from './memory-record.js'
import { MemorySideStore } from './memory-side-store.js'

const KEY_RETENTION_NS = BigInt(LIMITS.keyRetentionHours) * 3_600_000_000_000n

interface KeptEvent {
  readonly event: RecordedEvent
  readonly timestampNs: bigint
}

interface KeptKey {
  readonly fingerprint: string
  readonly answer: Appended
  readonly timestampNs: bigint
}

interface Waiter {
  readonly position: Position
  resolve(head: Position): void
  reject(error: StoreError): void
}

export interface MemoryStoreOptions {
  readonly nodeId: string
  readonly clock?: Clock
  /** Ages are measured by this clock, because the wall clock may jump. */
  readonly monotonic?: Clock
  readonly observer?: Observer
}

export class MemoryStore extends EventStore {
  readonly sideStore = new MemorySideStore()
  /** The event at position p is at index p - 1. */
  private readonly log: KeptEvent[] = []
  private readonly keys = new Map<string, KeptKey>()
  private readonly waiters = new Set<Waiter>()
  private readonly clock: HybridClock
  private readonly ages: SteadyClock
  private readonly nodeId: string
  private readonly ownLineage: Lineage
  private readonly observer: Observers
  private closed = false

  constructor(options: MemoryStoreOptions) {
    super()
    if (!isNodeId(options.nodeId)) {
      throw new StoreError('INVALID_REQUEST', 'A node id must be 1 to 32 of A-Z a-z 0-9 . -')
    }
    this.nodeId = options.nodeId
    const clock = options.clock ?? SYSTEM_CLOCK
    this.clock = new HybridClock(clock)
    const since = new Date(Number(clock.now() / 1_000_000n)).toISOString()
    // The log ends with the process, so no later one goes on from it.
    this.ownLineage = { id: randomBytes(16).toString('hex'), epoch: 1, epochSince: since, since, ancestors: [] }
    this.ages = new SteadyClock(clock.now(), options.monotonic ?? MONOTONIC_CLOCK)
    this.observer = new Observers(options.observer === undefined ? [] : [options.observer])
  }

  /** Runs from check to answer without an await, so that appends cannot come between each other. */
  async append(request: AppendRequest, { refusal }: AppendTerms = {}): Promise<Appended> {
    this.mustBeOpen()
    checkAppend(request)
    const drafts = draftsOf(request)
    const reading = this.clock.next()
    const fingerprint = fingerprintOf(request, drafts)
    const first = this.answerOf(request, fingerprint)
    if (first !== undefined) return { ...first, duplicate: true }
    if (refusal !== undefined) throw refusal
    this.decide(request)
    const answer = this.store(drafts, request.author, reading)
    if (request.key !== undefined) {
      this.ages.stamped(reading.timestampNs)
      this.keys.set(keyId(request), { fingerprint, answer, timestampNs: reading.timestampNs })
    }
    this.tell(drafts)
    return answer
  }

  private answerOf(request: AppendRequest, fingerprint: string): Appended | undefined {
    if (request.key === undefined) return undefined
    const kept = this.keys.get(keyId(request))
    if (kept === undefined || this.ages.now() - kept.timestampNs >= KEY_RETENTION_NS) return undefined
    if (kept.fingerprint === fingerprint) return kept.answer
    throw new StoreError('KEY_REUSED', 'This idempotency key was used for another request')
  }

  /** Throws one error with every violation, or returns when there is none. */
  private decide({ expectations = [], condition }: AppendRequest): void {
    const violations: Violation[] = []
    for (const { stream, expectedRevision } of expectations) {
      const actual = this.revisionOf(stream)
      if (revisionHolds(expectedRevision, actual)) continue
      violations.push({ kind: 'revision', stream, expected: expectedRevision, actual })
    }
    if (condition !== undefined) {
      const { after = 0 } = condition
      const { items } = condition.failIfEventsMatch
      const conflict = this.log.find(
        ({ event }) => event.position > after && items.some(item => itemMatches(item, event)),
      )?.event
      if (conflict !== undefined) {
        violations.push({ kind: 'condition', id: conflict.id, position: conflict.position, type: conflict.type })
      }
    }
    if (violations.length > 0) throw conflictOf(violations)
  }

  private store(drafts: readonly Draft[], author: Author, first: ClockReading): Appended {
    const firstPosition = this.head() + 1
    for (const [i, draft] of drafts.entries()) this.keep(draft, author, i === 0 ? first : this.clock.following())
    const events = this.log.slice(firstPosition - 1).map(({ event }) => {
      const { id, position, stream, revision, timestamp } = event
      return Object.freeze({ id, position, stream, revision, timestamp })
    })
    return {
      // The first answer to a key is handed out again and again, so nobody may change it.
      events: Object.freeze(events),
      firstPosition,
      lastPosition: this.head(),
      duplicate: false,
      durability: 'memory',
    }
  }

  private keep(draft: Draft, author: Author, reading: ClockReading): void {
    const place = {
      ...reading,
      nodeId: this.nodeId,
      position: this.head() + 1,
      revision: this.revisionOf(draft.event.stream) + 1,
    }
    this.log.push({ event: recordOf(draft, author, place), timestampNs: reading.timestampNs })
  }

  private tell(drafts: readonly Draft[]): void {
    const head = this.head()
    const bytes = drafts.reduce((sum, draft) => sum + memoryBytesOf(draft), 0)
    for (const waiter of [...this.waiters]) {
      if (head > waiter.position) waiter.resolve(head)
    }
    this.observer.appended({ events: drafts.length, bytes, syncMs: 0, head })
  }

  private revisionOf(stream: string): Revision {
    return this.log.filter(({ event }) => event.stream === stream).length - 1
  }

  read(request: ReadRequest): AsyncIterable<RecordedEvent> {
    this.mustBeOpen()
    checkRead(request)
    const { filter = {}, after = 0, before = Number.POSITIVE_INFINITY, order = 'asc', limit } = request
    const since = request.since === undefined ? undefined : nanoseconds(request.since)
    const until = request.until === undefined ? undefined : nanoseconds(request.until)
    const isWanted = compileFilter(filter)
    const matches = this.log.filter(
      ({ event, timestampNs }) =>
        event.position > after &&
        event.position < before &&
        (since === undefined || timestampNs >= since) &&
        (until === undefined || timestampNs < until) &&
        isWanted(event),
    )
    if (order === 'desc') matches.reverse()
    return inTurn(matches.slice(0, limit).map(({ event }) => event))
  }

  async find(key: Position | string): Promise<RecordedEvent | undefined> {
    this.mustBeOpen()
    checkFindKey(key)
    return this.log.find(({ event }) => event.position === key || event.id === key)?.event
  }

  async stream(name: string): Promise<StreamInfo | undefined> {
    this.mustBeOpen()
    checkStreamName(name)
    const last = this.log.findLast(({ event }) => event.stream === name)?.event
    return last && { stream: name, revision: last.revision, lastPosition: last.position }
  }

  streams(request: StreamsRequest): AsyncIterable<string> {
    this.mustBeOpen()
    checkStreams(request)
    const { after = '', limit } = request
    const names = new Set(this.log.map(({ event }) => event.stream))
    const isListed = compileListing(request)
    const listed = [...names].filter(name => name > after && isListed(name))
    return inTurn(listed.sort().slice(0, limit))
  }

  head(): Position {
    return this.log.length
  }

  async beyond(position: Position, signal?: AbortSignal): Promise<Position> {
    this.mustBeOpen()
    checkPosition(position)
    if (signal?.aborted) throw givenUp()
    if (this.head() > position) return this.head()
    const { promise, resolve, reject } = Promise.withResolvers<Position>()
    const waiter: Waiter = { position, resolve, reject }
    const giveUp = () => reject(givenUp())
    this.waiters.add(waiter)
    signal?.addEventListener('abort', giveUp)
    try {
      return await promise
    } finally {
      this.waiters.delete(waiter)
      signal?.removeEventListener('abort', giveUp)
    }
  }

  lineage(): Lineage {
    return this.ownLineage
  }

  owned(): boolean {
    return !this.closed
  }

  status(): StoreStatus {
    return {
      backend: 'memory',
      head: this.head(),
      first: 1,
      write: this.closed
        ? { writable: false, reason: 'closed', detail: 'The store has been closed' }
        : { writable: true },
      damaged: [],
      queued: 0,
      queuedBytes: 0,
      size: undefined,
      details: { events: this.log.length, keys: this.keys.size },
    }
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    for (const waiter of [...this.waiters]) waiter.reject(new StoreError('CLOSED', 'The store has been closed'))
    this.observer.writeState(this.status().write)
  }

  private mustBeOpen(): void {
    if (this.closed) throw new StoreError('CLOSED', 'The store has been closed')
  }
}

function keyId({ author, key }: AppendRequest): string {
  return JSON.stringify([author.agentId, key])
}

function nanoseconds(moment: string | bigint): bigint {
  return typeof moment === 'bigint' ? moment : parseTime(moment)
}

function givenUp(): StoreError {
  return new StoreError('ABORTED', 'The wait was given up')
}

async function* inTurn<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
