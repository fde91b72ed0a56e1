// Keeps what a fleet has begun to append and what was acknowledged, and compares it with what a store has.
import type { Position } from '../event.js'
import { refOf } from './generated-event.js'

/** Of what was compared: an acknowledged event that is missing is lost, one that is there twice is doubled. */
export interface Comparison {
  readonly stored: number
  /** Refs of events that were acknowledged and are not in the store. */
  readonly lost: readonly string[]
  /** Refs of events that are in the store more than once. */
  readonly doubled: readonly string[]
  /** Refs of events in the store, or positions of those without one, that nobody has begun to append. */
  readonly unknown: readonly (string | Position)[]
  /** How many are stored and were never acknowledged. Right after a crash there may be some, because answers get lost. */
  readonly unacknowledged: number
}

interface Place {
  readonly id: string
  readonly position: Position
}

interface Waiting {
  readonly until: Promise<void>
  readonly over: () => void
}

export class Ledger {
  private readonly begun = new Set<string>()
  private readonly acknowledged = new Map<string, Place>()
  private readonly waiting = new Map<string, Waiting>()

  get acknowledgedCount(): number {
    return this.acknowledged.size
  }

  /** Of an event that was acknowledged. */
  idOf(ref: string): string | undefined {
    return this.acknowledged.get(ref)?.id
  }

  /** From now on, who appends what it causes waits for it. */
  expect(ref: string): void {
    if (this.waiting.has(ref) || this.acknowledged.has(ref)) return
    let over: () => void = () => undefined
    const until = new Promise<void>(resolve => {
      over = resolve
    })
    this.waiting.set(ref, { until, over })
  }

  /** Nobody waits for it any more, though it was not acknowledged. */
  giveUp(ref: string): void {
    this.waiting.get(ref)?.over()
    this.waiting.delete(ref)
  }

  /** Resolves when all of these that are expected are acknowledged or given up. */
  async settled(refs: readonly string[]): Promise<void> {
    for (const ref of refs) await this.waiting.get(ref)?.until
  }

  begin(ref: string): void {
    this.begun.add(ref)
  }

  acknowledge(ref: string, { id, position }: Place): void {
    this.acknowledged.set(ref, { id, position })
    this.giveUp(ref)
  }

  /** Compares with all events of a store, or with those of a filter that finds all that the fleet wrote. */
  async compare(
    events: AsyncIterable<{ readonly position: Position; readonly metadata?: object }>,
  ): Promise<Comparison> {
    const positions = new Map<string, Position>()
    const doubled = new Set<string>()
    const unknown: (string | Position)[] = []
    for await (const event of events) {
      const ref = refOf(event)
      if (ref === undefined || !this.begun.has(ref)) unknown.push(ref ?? event.position)
      else if (positions.has(ref)) doubled.add(ref)
      else positions.set(ref, event.position)
    }
    // One that is elsewhere than was said is not the event that was acknowledged.
    const lost = [...this.acknowledged].filter(([ref, { position }]) => positions.get(ref) !== position)
    const unacknowledged = [...positions.keys()].filter(ref => !this.acknowledged.has(ref)).length
    return {
      stored: positions.size,
      lost: lost.map(([ref]) => ref),
      doubled: [...doubled],
      unknown,
      unacknowledged,
    }
  }
}
