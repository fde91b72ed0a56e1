// Events of the service itself that wait in memory while the store takes none of them, and are then written once.
import { randomUUID } from 'node:crypto'
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import type { JsonObject, NewEvent, Position } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import { type Continues, type Note, type NoteConflict, type NoteMark, type Reconciled, reconcile } from './reconcile.js'
import { SerialQueue } from './serial-queue.js'

export const DEGRADATION_STREAM = '$degradation'
export const RECONCILIATION = 'ReconciliationResult'

/** Kept in memory; the oldest give way, and the next reconciliation tells of them. */
export const MOST_HELD = 1_000
/** How many go into one append; even so many of the largest fit. */
const TOGETHER = 50

export interface PlainEvent extends NewEvent {
  readonly data: JsonObject
}

/** What the event about a reconciliation holds. */
export interface ResultData {
  readonly stream: string
  readonly eventsRecovered: number
  readonly alreadyStored: number
  readonly conflictsResolved: number
  readonly conflicts: readonly NoteConflict[]
  readonly lost: readonly string[]
  readonly outOfStep: readonly string[]
}

export class HeldEvents {
  private held: readonly Note[] = []
  /** The head before the first attempt to write what waits; undefined while nothing that waits has been tried. */
  private triedAfter: Position | undefined
  private newest: string | null = null
  private lastStored: string | undefined
  private readonly turns = new SerialQueue()

  constructor(
    private readonly store: EventStore,
    private readonly stream: `$${string}`,
    private readonly continues: Continues = () => true,
  ) {}

  get isEmpty(): boolean {
    return this.held.length === 0
  }

  hold(events: readonly PlainEvent[]): void {
    this.held = [...this.held, ...events.map(event => this.noted(event))].slice(-MOST_HELD)
  }

  /** Writes what waits, and `passing` behind it, which does not wait when it fails. Rejects when the store takes none. */
  flush(passing: readonly NewEvent[] = []): Promise<void> {
    return this.inTurn(() => this.write(passing))
  }

  /** Runs work during which nothing is written from here. */
  inTurn<R>(work: () => Promise<R>): Promise<R> {
    return this.turns.run(work)
  }

  private noted(event: PlainEvent): Note {
    const metadata: NoteMark = { noteId: randomUUID(), afterNoteId: this.newest }
    this.newest = metadata.noteId
    return { ...event, metadata, occurredAt: new Date().toISOString() }
  }

  private async write(passing: readonly NewEvent[]): Promise<void> {
    const waiting = this.held
    const events = [...(await this.settled(waiting)), ...passing]
    for (let at = 0; at < events.length; at += TOGETHER) {
      const some = events.slice(at, at + TOGETHER)
      await this.store.append({ events: some, author: { agentId: SERVICE_AGENT } }, { urgent: true })
    }
    const written = new Set(waiting)
    this.held = this.held.filter(note => !written.has(note))
    this.triedAfter = undefined
    this.lastStored = waiting.at(-1)?.metadata.noteId ?? this.lastStored
  }

  /** An append that failed may be stored all the same, so what has been tried before is compared with the stream first. */
  private async settled(waiting: readonly Note[]): Promise<readonly NewEvent[]> {
    const { triedAfter, continues, lastStored } = this
    if (waiting.length === 0) return []
    if (triedAfter === undefined) {
      this.triedAfter = this.store.head()
      return waiting
    }
    const result = reconcile(await this.storedAfter(triedAfter), waiting, { continues, lastStored })
    return [...result.missing, this.resultOf(result)]
  }

  /** Damage is passed over: what cannot be read is written again rather than lost. */
  private async storedAfter(after: Position): Promise<Note[]> {
    const found: Note[] = []
    const request = { filter: { streams: [this.stream] }, after, onDamaged: () => undefined }
    for await (const event of this.store.read(request)) {
      if (event.agentId === SERVICE_AGENT && isNote(event)) found.push(event)
    }
    return found
  }

  private resultOf({ missing, alreadyStored, conflicts, lost, outOfStep }: Reconciled): NewEvent {
    const result: ResultData = {
      stream: this.stream,
      eventsRecovered: missing.length,
      alreadyStored,
      conflictsResolved: conflicts.length,
      conflicts,
      lost,
      outOfStep,
    }
    return { type: RECONCILIATION, stream: DEGRADATION_STREAM, data: result as unknown as JsonObject }
  }
}

function isNote(event: NewEvent): event is Note {
  const { metadata } = event
  return typeof (metadata as JsonObject | undefined)?.['noteId'] === 'string'
}
