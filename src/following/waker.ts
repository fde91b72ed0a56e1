// The sink of a wait that only needs to know when something matches, so one event is enough for it.
import type { Position } from '../contract/event.js'
import type { Sink } from './follower.js'
import type { SharedEvent } from './recent-events.js'

export interface Woken {
  /** False when the wait was given up. */
  readonly found: boolean
  /** No event behind `after` and up to here matches. */
  readonly position: Position
}

export class Waker implements Sink {
  hasRoom = true
  readonly woken: Promise<Woken>
  private readonly settle: (woken: Woken) => void
  private readonly refuse: (error: unknown) => void

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<Woken>()
    this.woken = promise
    this.settle = resolve
    this.refuse = reject
  }

  giveUp(position: Position): void {
    this.hasRoom = false
    this.settle({ found: false, position })
  }

  event({ position }: SharedEvent): void {
    this.hasRoom = false
    this.settle({ found: true, position: position - 1 })
  }

  checkpoint(): void {}

  caughtUp(): void {}

  fellBehind(): void {}

  failed(error: unknown): void {
    this.refuse(error)
  }
}
