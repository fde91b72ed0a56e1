// State that the service keeps as events of one of its own `$…` streams: folded once, changed by one after the other, written anew where retention would remove it.
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import { unreadable } from '../contract/errors.js'
import type { JsonObject, Position } from '../contract/event.js'
import type { DamagedRange, EventStore } from '../contract/event-store.js'
import { unprovenRanges } from './damage-proof.js'

/** An event of the stream: its type, and beside it the fields of its data. */
export interface ServiceChange {
  readonly type: string
}

export interface StoredAt {
  readonly position: Position
  readonly timestamp: string
}

/** How a state is made of the events of a stream. */
export interface StreamFold<State, Change extends ServiceChange> {
  readonly stream: `$${string}`
  /** Of the events that are changes; a stream may hold others beside them. */
  readonly types: readonly string[]
  readonly empty: () => State
  readonly apply: (state: State, change: Change, at: StoredAt) => void
  /** Changes that make the state as it is, for a log that has removed the first ones. */
  readonly whole: (state: State) => readonly Change[]
}

/** Resolves when the changes are durable and applied. */
export type WriteChanges<Change> = (changes: readonly Change[]) => Promise<void>

interface Opened<State> {
  readonly state: State
  /** Where damage may have taken changes with it. */
  readonly unproven: readonly DamagedRange[]
}

/** So many changes are written anew in one append; the largest there are still fit into it. */
const REWRITTEN_TOGETHER = 50

export class ServiceStream<State, Change extends ServiceChange> {
  /** Called after every change, and also when it is not known whether a change was stored. */
  readonly listeners = new Set<() => void>()
  private opened: Promise<Opened<State>> | undefined
  private turn: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly store: EventStore,
    private readonly fold: StreamFold<State, Change>,
  ) {}

  /** The same object until a change fails to be stored for certain: then it is read anew. */
  async state(): Promise<State> {
    return (await this.open()).state
  }

  /** Damaged ranges in which changes may have stood: revisions do not prove that they held none. */
  async unproven(): Promise<readonly DamagedRange[]> {
    return (await this.open()).unproven
  }

  /**
   * Throws when a change may be missing, because then nobody knows what is in force. An operator who lets a damaged
   * store take appends again has given up what the damage took.
   */
  async assertComplete(): Promise<void> {
    const [first] = await this.unproven()
    if (first === undefined || this.store.status().write.writable) return
    throw unreadable(first, `what was written there to ${this.fold.stream} is not known`)
  }

  /** Work that decides by the state and changes it: one after the other, so that no decision is made on what is about to change. */
  inTurn<R>(work: (state: State, write: WriteChanges<Change>) => Promise<R>): Promise<R> {
    const done = this.turn.then(async () => {
      const state = await this.state()
      return work(state, changes => this.announced(this.write(state, changes)))
    })
    this.turn = done.catch(() => undefined)
    return done
  }

  /** The state as it is, at the end of the log, where retention does not reach. Nobody has to hear of it. */
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
    // What cannot be read now may be readable later.
    opening.catch(() => {
      if (this.opened === opening) this.opened = undefined
    })
    return opening
  }

  private async read(): Promise<Opened<State>> {
    const { stream, types, empty, apply } = this.fold
    const state = empty()
    const damaged: DamagedRange[] = []
    const onDamaged = (range: DamagedRange) => void damaged.push(range)
    for await (const event of this.store.read({ filter: { streams: [stream], types }, onDamaged })) {
      const { type, data, position, timestamp } = event
      apply(state, { ...data, type } as unknown as Change, { position, timestamp })
    }
    return { state, unproven: await unprovenRanges(this.store, stream, damaged) }
  }

  private async write(state: State, changes: readonly Change[]): Promise<void> {
    const { stream, apply } = this.fold
    const events = changes.map(({ type, ...data }) => ({ type, stream, data: data as unknown as JsonObject }))
    let stored: Awaited<ReturnType<EventStore['append']>>
    try {
      stored = await this.store.append({ events, author: { agentId: SERVICE_AGENT } })
    } catch (error) {
      // It may be stored all the same: the log knows.
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
