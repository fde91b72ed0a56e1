// Hands a group's events to the takes that wait, in rounds of which one runs at a time.
import { codeOf, StoreError, unreadable } from '../../contract/errors.js'
import type { Position, RecordedEvent } from '../../contract/event.js'
import { nextTurn } from '../../contract/turns.js'
import { Arrivals } from '../arrivals.js'
import { covers } from '../group-scope.js'
import type { Sight } from '../sight.js'
import { decideSettle, floorAfter } from '../state/decide-settle.js'
import { type Choice, chooseTake, countInFlight, exhausted, nextDue, roomForNew, takeOf } from '../state/decide-take.js'
import { type TokenRow, tokenOf } from '../state/group-events.js'
import { type FetchedEvents, fetchChosen, lookFurther } from './candidates.js'
import type { GroupJournal } from './group-journal.js'
import { type Delivery, EVERYTHING, PendingTake, type Take, type View } from './pending-take.js'

const SERVICE = '$service'
const TIMED_OUT = 'its deadline has passed as often as it may be handed out'
const RETURNED = 'returned as often as it may be handed out'
const NOW_DAMAGED = 'an event that was good is damaged'
const UNREADABLE = 'DATA_CORRUPT: it cannot be read any more'
/** With more events in flight or retrying, a round is slow, and an arrival begins it only in a turn of its own. */
const QUICK_LOOK = 256
/** A scope with more patterns is compared before the choice and in turns, because the choice runs in one piece. */
const FEW_PATTERNS = 16
/** The group is not notified when the revocation of its owner is lifted, so it looks this often while takes wait. */
const REVOKED_LOOK_MS = 500

export class Dispatcher {
  /** The damage at which reading stopped; undefined again when reading has gone on. */
  damage: StoreError | undefined
  private readonly takers = new Set<PendingTake>()
  private readonly arrivals: Arrivals
  /** The views of the takes that wait, each once. */
  private awaited: readonly View[] = []
  /** The bounds of the group are met, so an arrival cannot be handed out and need not begin a round. */
  private atBounds = false
  private serving = false
  private again = false
  private lookIsDue = false
  /** The turn to read that this round has. */
  private reading: { readonly end: () => void } | undefined
  private looking: Promise<boolean> | undefined
  private timer: NodeJS.Timeout | undefined
  private over = false

  constructor(
    private readonly ledger: GroupJournal,
    /** Called when nothing more can be handed out. It must end the group, because takes would wait for ever. */
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.arrivals = new Arrivals(
      ledger,
      event => this.arrived(event),
      error => this.broken(error),
    )
  }

  get waiting(): readonly string[] {
    return [...this.takers].map(({ take }) => take.consumer)
  }

  get ownerIsRevoked(): boolean {
    const { state, world } = this.ledger
    return state.definition !== undefined && world.isRevoked(state.definition.definedBy)
  }

  take(take: Take): Promise<readonly Delivery[]> {
    const taker = new PendingTake(take, over => this.takers.delete(over))
    if (taker.waits) this.takers.add(taker)
    this.look()
    return taker.answer
  }

  /** To be called when there may be something to hand out or to park. During a round it makes the round repeat. */
  look(): void {
    this.again = true
    if (!this.serving && !this.over) this.serve().catch(this.onFailure)
  }

  /**
   * Reads on by at most so many events, and returns whether the window has got further. What the follower has covered is
   * taken over first and not read again. Two reads at a time would write down the same damage, so one that is under way
   * stands for all that are asked for meanwhile.
   */
  async further(most?: number): Promise<boolean> {
    if (this.looking !== undefined) {
      await this.looking.catch(() => undefined)
      return true
    }
    this.arrivals.catchUp()
    try {
      this.looking = lookFurther(this.ledger, most)
      const went = await this.looking
      if (went) this.damage = undefined
      return went
    } finally {
      this.looking = undefined
    }
  }

  /** Takes over what the follower has covered, without reading. */
  catchUp(): void {
    this.arrivals.catchUp()
  }

  /** With an error the takes that wait are rejected with it; without one they are answered with nothing. */
  end(error?: unknown): void {
    this.over = true
    clearTimeout(this.timer)
    this.arrivals.end()
    for (const taker of [...this.takers]) error === undefined ? taker.giveUp() : taker.fail(error)
  }

  private async serve(): Promise<void> {
    this.serving = true
    clearTimeout(this.timer)
    let lookedAt = this.ledger.now
    try {
      while (this.again && !this.over) {
        this.again = false
        lookedAt = this.ledger.now
        this.parkOverdone()
        await this.round()
        this.endReading()
      }
    } finally {
      this.endReading()
      this.serving = false
    }
    if (!this.over) this.arm(lookedAt)
  }

  private async round(): Promise<void> {
    /** Views for which nothing was found. Another take with such a view would only repeat the same search. */
    const inVain = new Set<string>()
    for (const taker of [...this.takers]) {
      const view = taker.viewOf(this.ledger.state.definition)
      if (this.ownerIsRevoked || inVain.has(EVERYTHING.key) || inVain.has(view.key)) taker.giveUpUnlessPatient()
      else if (await this.turnOf(taker, view)) inVain.add(view.key)
    }
  }

  /** Returns true when everything was searched and nothing found; false when the take was answered or has failed. */
  private async turnOf(taker: PendingTake, view: View): Promise<boolean> {
    if (!taker.waits) return false
    try {
      await this.offer(taker, view)
    } catch (error) {
      taker.fail(error)
    }
    if (!taker.waits) return false
    taker.giveUpUnlessPatient()
    return true
  }

  private parkOverdone(): void {
    const { state, now } = this.ledger
    const { timedOut, returned } = exhausted(state, now)
    this.park(timedOut, TIMED_OUT)
    this.park(returned, RETURNED)
  }

  private park(deliveries: readonly TokenRow[], reason: string): void {
    if (deliveries.length === 0) return
    const { state, window, now: atMs } = this.ledger
    const floor = floorAfter(state, window, deliveries)
    const written = this.ledger.write({
      type: 'EventsParked',
      by: SERVICE,
      action: 'timeout',
      atMs,
      reason,
      deliveries,
      floor,
    })
    // The failure is not lost: it ends the group, which rejects the takes that wait.
    written.catch(() => undefined)
  }

  private async offer(taker: PendingTake, view: View, isReadAnew = false): Promise<void> {
    const { ledger } = this
    const { consumer, max, stillGood } = taker.take
    const chosenFrom = ledger.window
    const fetched = await fetchChosen(ledger.world.store, await this.choices(taker.take, view))
    const unread = this.setAside(fetched)
    if (unread !== undefined) {
      if (isReadAnew) throw unreadable({ from: unread, to: unread, reason: NOW_DAMAGED })
      // Reading comes to the damage again, and does there what the definition says.
      ledger.beginAnew()
      return this.offer(taker, view, true)
    }
    if (stillGood !== undefined) await stillGood()
    const sight = this.sightAtHand(view) ?? (await this.sightOf(view))
    // During the awaits, chosen events may have been settled and the taker may have given up. From here to the write
    // nothing is awaited, so the choice that is made now still holds when it is written.
    if (!taker.waits || this.over || this.ownerIsRevoked) return
    const { state, window, now: nowMs } = ledger
    const still = chooseTake(state, window, { nowMs, max, sight })
    const given = still.filter(({ position }) => fetched.events.has(position))
    const somethingWent = fetched.gone.length + fetched.damaged.length > 0 || window !== chosenFrom
    if (given.length === 0) return somethingWent ? this.offer(taker, view, isReadAnew) : undefined
    const taken = takeOf(state, given, { consumer, nowMs, floor: window.floorWith(state) })
    window.remove(new Set(given.map(({ position }) => position)))
    const deliveries = given.map(({ position, attempt }, i): Delivery => {
      const event = fetched.events.get(position) as RecordedEvent
      return { token: tokenOf([position, taken.firstNumber + i]), attempt, deadlineMs: taken.deadlineMs, event }
    })
    taker.settle()
    void this.handOver(taker, deliveries, ledger.write(taken))
  }

  /** Reads on until there are as many as the take may have, or nothing is left to read. */
  private async choices({ max }: Take, view: View): Promise<Choice[]> {
    for (;;) {
      const sight = this.sightAtHand(view) ?? (await this.sightOf(view))
      const { state, window, now: nowMs } = this.ledger
      const { definition } = state
      if (definition === undefined) return []
      const choices = chooseTake(state, window, { nowMs, max, sight })
      const most = Math.min(max, definition.maxInFlight - countInFlight(state, nowMs))
      const fresh = choices.filter(({ attempt }) => attempt === 1).length
      const isEnough = choices.length >= most || fresh >= roomForNew(state)
      // A retry may lie beyond what has been read. Events before it are older and go first, so they are read first.
      if (isEnough && (choices.at(-1)?.position ?? 0) <= window.read) return choices
      if (!(await this.goOn(choices.length > 0))) return choices
    }
  }

  /** With few patterns a complete sight is used at once: comparing what was handed out before is cheap then. */
  private sightAtHand({ scope, key }: View): Sight | undefined {
    return scope === undefined || scope.length > FEW_PATTERNS ? undefined : this.ledger.window.sightAtHand(key)
  }

  private async sightOf({ scope, key }: View): Promise<Sight | undefined> {
    if (scope === undefined) return undefined
    const { state, window } = this.ledger
    const sight = await window.sight(scope, key)
    if (scope.length > FEW_PATTERNS) for (const older of [state.inFlight, state.retrying]) await sight.learn(older)
    return sight
  }

  /** The window is in use until the round ends, so that what is read does not give way before it is handed out. */
  private async beginToRead(): Promise<{ readonly end: () => void }> {
    const leave = await this.ledger.world.memory.turnToRead()
    const { window } = this.ledger
    window.inUse = true
    const end = () => {
      window.inUse = false
      leave()
    }
    return { end }
  }

  private endReading(): void {
    this.reading?.end()
    this.reading = undefined
  }

  /** Throws at damage only when there is nothing before it to hand out. */
  private async goOn(some: boolean): Promise<boolean> {
    try {
      if (this.reading === undefined) {
        const { read } = this.ledger.window
        this.reading = await this.beginToRead()
        // While it was in line the group may have ended, or somebody else may have read on.
        if (this.over || this.ledger.window.read !== read) return !this.over
      }
      return await this.further()
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'DATA_CORRUPT')) throw error
      this.damage = error
      if (!some) throw error
      return false
    }
  }

  /**
   * Events that retention has removed are finished. Damaged ones are parked for an operator if they were handed out
   * before; the first of the others is returned.
   */
  private setAside({ gone, damaged }: FetchedEvents): Position | undefined {
    const { state, window } = this.ledger
    if (gone.length > 0) {
      window.remove(new Set(gone))
      const floor = window.floorWith(state, new Set(gone))
      this.ledger.write({ type: 'EventsGone', positions: gone, floor }).catch(() => undefined)
    }
    if (damaged.length === 0) return undefined
    const isHeld = (position: Position) => state.inFlight.has(position) || state.retrying.has(position)
    const unread = damaged.find(position => !isHeld(position))
    const held = damaged.filter(isHeld)
    const rows = held.map((position): TokenRow => [position, state.inFlight.get(position)?.number ?? 0])
    this.park(rows, UNREADABLE)
    return unread
  }

  private trace(deliveries: readonly Delivery[], agentId: string): void {
    const { traces } = this.ledger.world.feed
    if (traces === undefined) return
    for (const { event } of deliveries) traces.handed(event, { agentId, surface: 'group' })
  }

  /** A taker that went away during the write was given nothing, so its deliveries are released to the next one. */
  private async handOver(taker: PendingTake, deliveries: readonly Delivery[], written: Promise<void>): Promise<void> {
    const { consumer, signal, stillGood } = taker.take
    try {
      await written
    } catch (error) {
      taker.fail(error)
      return
    }
    try {
      await stillGood?.()
      taker.give(deliveries)
      if (signal?.aborted !== true) {
        this.trace(deliveries, consumer)
        return
      }
    } catch (error) {
      taker.fail(error)
    }
    const { state, window, now: nowMs } = this.ledger
    for (const { token } of deliveries) {
      const release = { tokens: [token], action: 'release', by: consumer, forOthers: false, nowMs } as const
      const { changes } = decideSettle(state, window, release)
      if (changes.length > 0) this.ledger.write(...changes).catch(() => undefined)
    }
    this.look()
  }

  /** A round that is running may have looked past the event already, so it has to repeat. */
  private arrived({ position, stream }: RecordedEvent): void {
    if (this.serving) this.again = true
    else if (!this.atBounds && this.isAwaited(position, stream)) this.lookSoon()
  }

  private isAwaited(position: Position, stream: string): boolean {
    const { window } = this.ledger
    return this.awaited.some(
      ({ scope, key }) =>
        scope === undefined || (window.sightAtHand(key)?.visible.has(position) ?? covers(scope, stream)),
    )
  }

  /** A round is quick while little is in flight. Otherwise groups take turns, or one event would hold up the loop. */
  private lookSoon(): void {
    const { inFlight: out, retrying: returned } = this.ledger.state
    if (out.size + returned.size <= QUICK_LOOK) this.look()
    else if (!this.lookIsDue) {
      this.lookIsDue = true
      void nextTurn().then(() => {
        this.lookIsDue = false
        this.look()
      })
    }
  }

  /** The follower has failed. The next round reads the log itself, and finds out whether it is damaged there. */
  private broken(error: unknown): void {
    if (codeOf(error) === 'CLOSED') this.onFailure(error)
    else this.look()
  }

  /**
   * Arranges what begins the next round: a deadline or delay that ends and, while takes wait, an arriving event. What has
   * become due since the last round looked is the next one's, for that round took it for unfinished.
   */
  private arm(lookedAt: number): void {
    const { state, now, window } = this.ledger
    const isRevoked = this.takers.size > 0 && this.ownerIsRevoked
    const due = nextDue(state, lookedAt) ?? Number.POSITIVE_INFINITY
    const next = isRevoked ? Math.min(due, now + REVOKED_LOOK_MS) : due
    if (next < Number.POSITIVE_INFINITY) {
      this.timer = setTimeout(() => this.look(), Math.max(1, next - now))
      this.timer.unref()
    }
    this.awaited = this.viewsAwaited()
    this.atBounds = this.takers.size > 0 && this.mayHandOutNoMore(now)
    if (window.room <= 0) this.arrivals.end()
    else if (this.takers.size === 0) this.arrivals.rest()
    else this.arrivals.follow()
  }

  private viewsAwaited(): readonly View[] {
    const views = new Map<string, View>()
    for (const taker of this.takers) {
      const view = taker.viewOf(this.ledger.state.definition)
      views.set(view.key, view)
    }
    return [...views.values()]
  }

  private mayHandOutNoMore(now: number): boolean {
    const { state } = this.ledger
    const most = state.definition?.maxInFlight ?? 0
    return roomForNew(state) <= 0 || (state.inFlight.size >= most && countInFlight(state, now) >= most)
  }
}
