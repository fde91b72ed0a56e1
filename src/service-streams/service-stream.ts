// Keeps a state of the service as events of one of its `$…` streams: folds them once and writes changes one by one.
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import type { JsonObject, Position } from '../contract/event.js'
import type { AppendTerms, DamagedRange, EventStore } from '../contract/event-store.js'
import { assertGivenUp, ProvenRead } from './damage-proof.js'
import { SerialQueue } from './serial-queue.js'

/** One event of the stream: its type, and beside it the fields of the event's data. */
export interface ServiceChange {
  readonly type: string
}

export interface StoredAt {
  readonly position: Position
  readonly timestamp: string
}

export interface StreamFold<State, Change extends ServiceChange> {
  readonly stream: `$${string}`
  /** The types of the events that are changes; the stream may hold other events, which are not read. */
  readonly types: readonly string[]
  readonly empty: () => State
  readonly apply: (state: State, change: Change, at: StoredAt) => void
  /** Changes that make the same state from an empty one, needed because retention removes the first changes. */
  readonly whole: (state: State) => readonly Change[]
}

/** Resolves once the changes are durable and applied to the state. */
export type WriteChanges<Change> = (changes: readonly Change[]) => Promise<void>

interface Opened<State> {
  readonly state: State
  /** Damaged ranges that may have held changes. */
  readonly unproven: readonly DamagedRange[]
}

/** How many changes one append of a rewrite holds; even so many of the largest fit into an append. */
const REWRITTEN_TOGETHER = 50

export class ServiceStream<State, Change extends ServiceChange> {
  /** Called after every change, and also after one that failed, because it may have been stored all the same. */
  readonly listeners = new Set<() => void>()
  private opened: Promise<Opened<State>> | undefined
  private readonly turns = new SerialQueue()

  constructor(
    private readonly store: EventStore,
    private readonly fold: StreamFold<State, Change>,
    /** On which terms its changes are written. */
    private readonly terms?: AppendTerms,
  ) {}

  /** Answers the same object, which changes in place, until an append fails; then the stream is read anew. */
  async state(): Promise<State> {
    return (await this.open()).state
  }

  /** Damaged ranges that may have held changes, because the revisions around them do not prove otherwise. */
  async unproven(): Promise<readonly DamagedRange[]> {
    return (await this.open()).unproven
  }

  /** Throws when damage may have taken a change that no operator has given up. */
  async assertComplete(): Promise<void> {
    assertGivenUp(this.store, this.fold.stream, await this.unproven())
  }

  /** Runs work that decides by the state and changes it, one at a time, so that none decides on an outdated state. */
  inTurn<R>(work: (state: State, write: WriteChanges<Change>) => Promise<R>): Promise<R> {
    return this.turns.run(async () => {
      const state = await this.state()
      return work(state, changes => this.announced(this.write(state, changes)))
    })
  }

  /** Writes the state anew at the end of the log. The state itself does not change, so no listener is called. */
  rewrite(): Promise<void> {
    return this.inTurn(async state => {
      const changes = this.fold.whole(state)
      for (let at = 0; at < changes.length; at += REWRITTEN_TOGETHER) {
        await this.write(state, changes.slice(at, at + REWRITTEN_TOGETHER))
      }
    })
  }

  private open(): Promise<Opened<State>> {
    if (this.opened !== undefined) return this.opened
    const opening = this.read()
    this.opened = opening
    // A failed read is forgotten, because the next one may succeed.
    opening.catch(() => {
      if (this.opened === opening) this.opened = undefined
    })
    return opening
  }

  private async read(): Promise<Opened<State>> {
    const { stream, types, empty, apply } = this.fold
    const state = empty()
    const read = new ProvenRead(this.store, stream)
    for await (const { type, data, position, timestamp } of read.events({ types }, 'asc')) {
      apply(state, { ...data, type } as unknown as Change, { position, timestamp })
    }
    return { state, unproven: await read.unproven() }
  }

  private async write(state: State, changes: readonly Change[]): Promise<void> {
    const { stream, apply } = this.fold
    const events = changes.map(change => eventOfChange(stream, change))
    let stored: Awaited<ReturnType<EventStore['append']>>
    try {
      stored = await this.store.append({ events, author: { agentId: SERVICE_AGENT } }, this.terms)
    } catch (error) {
      // The append may be stored although it failed, so the state is read anew from the log.
      this.opened = undefined
      throw error
    }
    for (const [at, change] of changes.entries()) {
      const { position, timestamp } = stored.events[at] as (typeof stored.events)[number]
      apply(state, change, { position, timestamp })
    }
  }

  private async announced(writing: Promise<void>): Promise<void> {
    try {
      await writing
    } finally {
      for (const listener of this.listeners) listener()
    }
  }
}

/** A field of a state that is undefined is none in an event. */
export function eventOfChange(stream: `$${string}`, { type, ...data }: ServiceChange) {
  return { type, stream, data: JSON.parse(JSON.stringify(data)) as JsonObject }
}
