// A follow as an async iterator: events as they are stored, each once, in order, through every break, in bounded memory.
import type { Connection } from './connection.js'
import type { LighthouseError } from './errors.js'
import type { AnyEvent, EventShape, Position, RecordedEvent } from './event.js'
import { type EventFilter, filterFrame } from './filter.js'
import { Subscription, type SubscriptionSink } from './subscription.js'

export interface FollowRequest extends EventFilter {
  /**
   * From where: beyond a position, an event's id, a time (RFC 3339), from the `start`, or from the `head` of the moment
   * in which the server hears of it. Default `head`.
   */
  readonly after?: Position | 'start' | 'head' | (string & {}) | undefined
  /** Ends the follow: its iteration is over, without an error. */
  readonly signal?: AbortSignal | undefined
  /** What was stored before has been seen; what comes now is new. Again after every `onFellBehind` and `onInterrupted`. */
  readonly onCaughtUp?: ((position: Position) => void) | undefined
  /** Events come faster than they are taken: they are read from the log, at the reader's pace. */
  readonly onFellBehind?: ((position: Position) => void) | undefined
  /** The connection broke, or the server could not go on. It is tried again for as long as the follow lasts. */
  readonly onInterrupted?: ((error: LighthouseError) => void) | undefined
  /** The most events that wait here for their reader; default 1,000. */
  readonly bufferedEvents?: number | undefined
}

type Item =
  | { readonly event: RecordedEvent; readonly chars: number }
  | { readonly mark: 'checkpoint' | 'caughtUp' | 'fellBehind'; readonly position: Position }

/** As texts, whatever their number. One event alone may be larger. */
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
    const wanted = { filter: filterFrame(request), after: checkedAfter(after) }
    this.subscription = new Subscription(connection, wanted, this.sink())
  }

  /** Everything up to here has been handed out, or did not match: a later follow goes on behind it. */
  get position(): Position | undefined {
    return this.reached
  }

  /** How many events wait here for their reader. */
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

  /** What has not been handed out is not: the reader has gone. */
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
    return {
      event: (event, chars) => this.keep({ event, chars }),
      checkpoint: position => this.keep({ mark: 'checkpoint', position }),
      caughtUp: position => this.becomes(true, position),
      fellBehind: position => this.becomes(false, position),
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
    // Of checkpoints in a row only the last says something.
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

  /** Hands out what there is to whoever waits. */
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

  /** A callback that throws ends the follow with what it has thrown. */
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
