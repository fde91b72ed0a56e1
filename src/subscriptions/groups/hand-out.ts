// Hands a group's events to those who ask: in rounds, one at a time, each begun by a reason to look again.
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { type Fetched, fetchChosen, lookFurther } from './candidates.js'
import { decideSettle, floorAfter } from './decide-settle.js'
import { type Choice, chooseTake, inFlight, nextDue, overdone, roomForNew, takeOf } from './decide-take.js'
import { type TokenRow, tokenOf } from './group-events.js'
import type { Ledger } from './ledger.js'
import { type Delivery, type Take, Taker } from './takers.js'

const SERVICE = '$service'
const TIMED_OUT = 'its deadline has passed as often as it may be handed out'
const RETURNED = 'returned as often as it may be handed out'
const UNREADABLE = 'DATA_CORRUPT: it cannot be read any more'

export class HandOut {
  /** What was found damaged where the reading goes on. */
  damage: StoreError | undefined
  private readonly takers = new Set<Taker>()
  private serving = false
  private again = false
  private timer: NodeJS.Timeout | undefined
  private watch: AbortController | undefined
  /** The head when the last round began. */
  private seen: Position = 0
  private over = false

  constructor(private readonly ledger: Ledger) {}

  get waiting(): readonly string[] {
    return [...this.takers].map(({ take }) => take.consumer)
  }

  take(take: Take): Promise<readonly Delivery[]> {
    const taker = new Taker(take, over => this.takers.delete(over))
    if (taker.waits) this.takers.add(taker)
    this.look()
    return taker.answer
  }

  /** There may be something to hand out, or to park. */
  look(): void {
    this.again = true
    if (!this.serving && !this.over) this.serve().catch((error: unknown) => this.end(error))
  }

  /** With an error, whoever waits is told; without, they are given nothing. */
  end(error?: unknown): void {
    this.over = true
    this.disarm()
    for (const taker of [...this.takers]) error === undefined ? taker.giveUp() : taker.fail(error)
  }

  private async serve(): Promise<void> {
    this.serving = true
    this.disarm()
    while (this.again && !this.over) {
      this.again = false
      this.seen = this.ledger.world.store.head()
      this.parkOverdone()
      await this.round()
    }
    this.serving = false
    if (!this.over) this.arm()
  }

  private async round(): Promise<void> {
    for (const taker of [...this.takers]) {
      const sought = await this.turnOf(taker)
      if (!sought || !this.isDry()) continue
      // Looking again for each of many who wait would only find the same nothing.
      for (const other of [...this.takers]) if (other.take.waitMs === 0) other.give([])
      return
    }
  }

  /** Whoever asks, of what has been read there is nothing to be given. */
  private isDry(): boolean {
    const { state, window, now: nowMs } = this.ledger
    const anything = { nowMs, max: 1, covers: () => true }
    return this.damage === undefined && chooseTake(state, window, anything).length === 0
  }

  /** Answers whether it was sought in vain, to the end of what there is. */
  private async turnOf(taker: Taker): Promise<boolean> {
    if (!taker.waits) return false
    try {
      await this.offer(taker)
    } catch (error) {
      taker.fail(error)
    }
    if (!taker.waits) return false
    if (taker.take.waitMs === 0) taker.give([])
    return true
  }

  private parkOverdone(): void {
    const { state, now } = this.ledger
    const { timedOut, returned } = overdone(state, now)
    this.park(timedOut, TIMED_OUT)
    this.park(returned, RETURNED)
  }

  private park(deliveries: readonly TokenRow[], reason: string): void {
    if (deliveries.length === 0) return
    const { state, window, now: atMs } = this.ledger
    const floor = floorAfter(state, window, deliveries)
    const written = this.ledger.write({
      ...{ type: 'EventsParked', by: SERVICE, action: 'timeout', atMs, reason, deliveries, floor },
    })
    // Those who wait are told of a failure by whoever owns the ledger.
    written.catch(() => undefined)
  }

  private async offer(taker: Taker): Promise<void> {
    const { ledger } = this
    const { consumer, covers, max } = taker.take
    const fetched = await fetchChosen(ledger.world.store, await this.choices(taker.take))
    this.setAside(fetched)
    // Others may have settled meanwhile what was chosen, and the taker may have given up.
    if (!taker.waits || this.over) return
    const { state, window, now: nowMs } = ledger
    const still = chooseTake(state, window, { nowMs, max, covers })
    const given = still.filter(({ position }) => fetched.events.has(position))
    const somethingWent = fetched.gone.length + fetched.damaged.length > 0
    if (given.length === 0) return somethingWent ? this.offer(taker) : undefined
    const taken = takeOf(state, given, { consumer, nowMs, floor: window.floorWith(state) })
    window.remove(new Set(given.map(({ position }) => position)))
    const deliveries = given.flatMap(({ position, attempt }, i): Delivery[] => {
      const event = fetched.events.get(position)
      if (event === undefined) return []
      return [{ token: tokenOf([position, taken.firstNumber + i]), attempt, deadlineMs: taken.deadlineMs, event }]
    })
    taker.settle()
    void this.handOver(taker, deliveries, ledger.write(taken))
  }

  /** As many as are asked for, if there are so many. */
  private async choices({ covers, max }: Take): Promise<Choice[]> {
    for (;;) {
      const { state, window, now: nowMs } = this.ledger
      const { definition } = state
      if (definition === undefined) return []
      const choices = chooseTake(state, window, { nowMs, max, covers })
      const most = Math.min(max, definition.maxInFlight - inFlight(state, nowMs))
      const fresh = choices.filter(({ attempt }) => attempt === 1).length
      if (choices.length >= most || fresh >= roomForNew(state)) return choices
      if (!(await this.further(choices.length > 0))) return choices
    }
  }

  /** Throws at damage, unless there is something that lies before it. */
  private async further(some: boolean): Promise<boolean> {
    try {
      const went = await lookFurther(this.ledger)
      if (went) this.damage = undefined
      return went
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'DATA_CORRUPT')) throw error
      this.damage = error
      if (!some) throw error
      return false
    }
  }

  /** What is no longer there is done with, and what can no longer be read is for an operator to look at. */
  private setAside({ gone, damaged }: Fetched): void {
    const { state, window } = this.ledger
    if (gone.length > 0) {
      window.remove(new Set(gone))
      const floor = window.floorWith(state, new Set(gone))
      this.ledger.write({ type: 'EventsGone', positions: gone, floor }).catch(() => undefined)
    }
    const rows = damaged.flatMap((position): TokenRow[] => {
      const out = state.out.get(position)
      if (out === undefined && !state.returned.has(position)) throw unreadable(position)
      return [[position, out?.number ?? 0]]
    })
    this.park(rows, UNREADABLE)
  }

  /** Whoever has gone away meanwhile was given nothing: it goes to the next. */
  private async handOver(taker: Taker, deliveries: readonly Delivery[], written: Promise<void>): Promise<void> {
    try {
      await written
    } catch (error) {
      taker.fail(error)
      return
    }
    const { consumer, signal } = taker.take
    taker.give(deliveries)
    if (signal?.aborted !== true) return
    const { state, window, now: nowMs } = this.ledger
    for (const { token } of deliveries) {
      const release = { tokens: [token], action: 'release', by: consumer, forOthers: false, nowMs } as const
      const { changes } = decideSettle(state, window, release)
      if (changes.length > 0) this.ledger.write(...changes).catch(() => undefined)
    }
    this.look()
  }

  /** Wakes up when something becomes due, and, while somebody waits, when something is appended. */
  private arm(): void {
    const { state, now, world } = this.ledger
    const next = nextDue(state, now)
    if (next !== undefined) {
      this.timer = setTimeout(() => this.look(), Math.max(1, next - now))
      this.timer.unref()
    }
    if (this.takers.size === 0) return
    const watch = new AbortController()
    this.watch = watch
    world.store.beyond(this.seen, watch.signal).then(
      () => this.look(),
      (error: unknown) => {
        if (!watch.signal.aborted) this.end(error)
      },
    )
  }

  private disarm(): void {
    clearTimeout(this.timer)
    this.watch?.abort()
    this.watch = undefined
  }
}

function unreadable(position: Position): StoreError {
  return new StoreError('DATA_CORRUPT', `position ${position} cannot be read: an event that was good is damaged`)
}
