// A follow as an async iterator: each event once and in order, through every break, with a bounded buffer.
import type { Connection } from './connection.js'
import type { LighthouseError } from './errors.js'
import type { AnyEvent, DamagedRange, EventShape, Position, RecordedEvent } from './event.js'
import { type EventFilter, filterFrame } from './filter.js'
import { Subscription, type SubscriptionSink } from './subscription.js'

export interface FollowRequest extends EventFilter {
  /**
   * The follow starts beyond a position, an event's id or a time (RFC 3339), at the `start`, or at the `head` that the
   * server has when it receives the request. Default `head`.
   */
  readonly after?: Position | 'start' | 'head' | (string & {}) | undefined
  /**
   * The `lineage` of the follow that reached the position `after`. A store that was restored since then, and holds other
   * events there, refuses it with `LINEAGE_FORKED`.
   */
  readonly lineage?: string | undefined
  /** Aborting it ends the iteration without an error. */
  readonly signal?: AbortSignal | undefined
  /**
   * Every event stored before has been returned, and those that follow are new. It is called again after every
   * `onFellBehind` and `onInterrupted`.
   */
  readonly onCaughtUp?: ((position: Position) => void) | undefined
  /** New events come faster than they are taken, so they are now read from the log at the pace of the caller. */
  readonly onFellBehind?: ((position: Position) => void) | undefined
  /**
   * Is called with what is passed over because it is damaged. Without it a follow that comes to damage fails with
   * `DATA_CORRUPT`. After a break a range may be told again.
   */
  readonly onDamaged?: ((range: DamagedRange) => void) | undefined
  /** The connection broke or the server ended the subscription. It is tried again for as long as the follow lasts. */
  readonly onInterrupted?: ((error: LighthouseError) => void) | undefined
  /** At most about this many events wait here to be taken; default 1,000. */
  readonly bufferedEvents?: number | undefined
}

type Item =
  | { readonly event: RecordedEvent; readonly chars: number }
  | { readonly mark: 'checkpoint' | 'caughtUp' | 'fellBehind'; readonly position: Position }

/** The buffered characters of all events together. A single event may be larger, or it could never be delivered. */
const BUFFERED_CHARS = 16 * 1024 * 1024

interface Waiter {
  readonly resolve: (result: IteratorResult<RecordedEvent, undefined>) => void
  readonly reject: (error: unknown) => void
}

export class Following<S extends EventShape = AnyEvent> implements AsyncIterableIterator<RecordedEvent<S>, undefined> {
  private readonly subscription: Subscription
  private readonly items: Item[] = []
  private readonly waiters: Waiter[] = []
  private readonly most: number
  private events = 0
  private chars = 0
  private state: 'new' | 'on' | 'over' = 'new'
  private paused = false
  private live = false
  private error: unknown
  private reached: Position | undefined

  constructor(
    connection: Connection,
    private readonly request: FollowRequest,
  ) {
    const { after = 'head', bufferedEvents = 1_000 } = request
    if (!Number.isSafeInteger(bufferedEvents) || bufferedEvents < 1) {
      throw new TypeError('bufferedEvents must be a whole number from 1')
    }
    this.most = bufferedEvents
    const wanted = { filter: filterFrame(request), after: checkedAfter(after), lineage: request.lineage }
    this.subscription = new Subscription(connection, wanted, this.sink())
  }

  /** Every event up to here was returned or did not match, so a later follow may start behind it. */
  get position(): Position | undefined {
    return this.reached
  }

  /** Which log `position` is of; keep it beside the position. undefined before the first answer. */
  get lineage(): string | undefined {
    return this.subscription.lineageReached ?? this.request.lineage
  }

  /** The number of events that wait here to be taken. */
  get buffered(): number {
    return this.events
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<RecordedEvent<S>, undefined>> {
    if (this.state === 'new') this.start()
    const next = new Promise<IteratorResult<RecordedEvent, undefined>>((resolve, reject) => {
      this.waiters.push({ resolve, reject })
    })
    this.serve()
    return next as Promise<IteratorResult<RecordedEvent<S>, undefined>>
  }

  async return(): Promise<IteratorResult<RecordedEvent<S>, undefined>> {
    this.end()
    return { done: true, value: undefined }
  }

  private start(): void {
    this.state = 'on'
    const { signal } = this.request
    if (signal?.aborted) {
      this.end()
      return
    }
    signal?.addEventListener('abort', this.end, { once: true })
    this.subscription.start()
  }

  /** Drops what is buffered: the caller has stopped, so `position` must not move past what it took. */
  private readonly end = (): void => {
    this.items.length = 0
    this.close()
    this.serve()
  }

  private close(): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.request.signal?.removeEventListener('abort', this.end)
    this.subscription.end()
  }

  private sink(): SubscriptionSink {
    const { onDamaged } = this.request
    return {
      event: (event, chars) => this.keep({ event, chars }),
      checkpoint: position => this.keep({ mark: 'checkpoint', position }),
      caughtUp: position => this.becomes(true, position),
      fellBehind: position => this.becomes(false, position),
      damaged: onDamaged === undefined ? undefined : range => this.tell(onDamaged, range),
      interrupted: error => {
        this.live = false
        this.tell(this.request.onInterrupted, error)
      },
      failed: error => this.fail(error),
    }
  }

  private becomes(live: boolean, position: Position): void {
    if (this.live === live) return
    this.live = live
    this.keep({ mark: live ? 'caughtUp' : 'fellBehind', position })
  }

  private keep(item: Item): void {
    const last = this.items.at(-1)
    // A later checkpoint covers an earlier one; keeping only the last bounds the buffer when nothing matches.
    if (
      'mark' in item &&
      item.mark === 'checkpoint' &&
      last !== undefined &&
      'mark' in last &&
      last.mark === item.mark
    ) {
      this.items.pop()
    }
    this.items.push(item)
    if ('event' in item) {
      this.events++
      this.chars += item.chars
    }
    this.serve()
    if (!this.paused && this.state === 'on' && (this.events >= this.most || this.chars >= BUFFERED_CHARS)) {
      this.paused = true
      this.subscription.pause()
      this.becomes(false, 'event' in item ? item.event.position : item.position)
    }
  }

  /** Passes buffered items to pending `next` calls, and resumes the subscription once half of the buffer is free. */
  private serve(): void {
    while (this.waiters.length > 0 && this.items.length > 0) this.hand(this.items.shift() as Item)
    if (this.state === 'over' && this.items.length === 0) this.dismiss()
    if (this.paused && this.state === 'on' && this.events <= this.most / 2 && this.chars <= BUFFERED_CHARS / 2) {
      this.paused = false
      this.subscription.resume()
    }
  }

  private hand(item: Item): void {
    if ('event' in item) {
      this.events--
      this.chars -= item.chars
      this.reached = item.event.position
      this.waiters.shift()?.resolve({ done: false, value: item.event })
      return
    }
    this.reached = Math.max(this.reached ?? 0, item.position)
    if (item.mark === 'caughtUp') this.tell(this.request.onCaughtUp, item.position)
    if (item.mark === 'fellBehind') this.tell(this.request.onFellBehind, item.position)
  }

  /** A callback that throws ends the follow, which rejects with what was thrown. */
  private tell<T>(callback: ((what: T) => void) | undefined, what: T): void {
    try {
      callback?.(what)
    } catch (error) {
      this.items.length = 0
      this.fail(error)
    }
  }

  private fail(error: unknown): void {
    this.error = error
    this.close()
    this.serve()
  }

  private dismiss(): void {
    for (const { resolve, reject } of this.waiters.splice(0)) {
      const { error } = this
      this.error = undefined
      if (error === undefined) resolve({ done: true, value: undefined })
      else reject(error)
    }
  }
}

function checkedAfter(after: Position | string): Position | string {
  if (typeof after === 'string' || (Number.isSafeInteger(after) && after >= 0)) return after
  throw new TypeError('after must be a position, an event id, a time, "start" or "head"')
}
