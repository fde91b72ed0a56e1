// One subscription on the shared connection; after every break it subscribes again behind the last position it reached.
import type { Channel, Connection } from './connection.js'
import { LighthouseError } from './errors.js'
import type { DamagedRange, Position, RecordedEvent } from './event.js'
import { damagedRangeOf, type Frame } from './lines.js'
import { errorOfFrame } from './problem.js'

/** Receives what a subscription delivers. Positions rise from one call to the next. */
export interface SubscriptionSink {
  event(event: RecordedEvent, chars: number): void
  /** Every event up to here was examined, whether it matched or not. */
  checkpoint(position: Position): void
  caughtUp(position: Position): void
  fellBehind(position: Position): void
  /** Makes the server pass over what is damaged; a sink without it fails there. */
  readonly damaged?: ((range: DamagedRange) => void) | undefined
  /** The subscription resumes without help from the sink. */
  interrupted(error: LighthouseError): void
  failed(error: LighthouseError): void
}

export interface Wanted {
  readonly filter: object | undefined
  /** A position, the id of an event, a time, `start` or `head`. */
  readonly after: Position | string
  /** That in which `after`, when it is a position, was reached; undefined where nobody knows. */
  readonly lineage?: string | undefined
}

export class Subscription implements Channel {
  private id: string | undefined
  private position: Position | undefined
  /** That in which `position` was reached. */
  private lineage: string | undefined
  private paused = false
  private failures = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly connection: Connection,
    private readonly wanted: Wanted,
    private readonly sink: SubscriptionSink,
  ) {}

  start(): void {
    this.connection.join(this)
  }

  /** Stops the delivery. Events already in transit are dropped; `resume` subscribes behind the last one taken. */
  pause(): void {
    this.paused = true
    this.unsubscribe()
  }

  resume(): void {
    this.paused = false
    this.subscribe()
  }

  end(): void {
    this.pause()
    this.connection.leave(this)
  }

  /** Which log `position` is of. */
  get lineageReached(): string | undefined {
    return this.lineage
  }

  opened(): void {
    this.id = undefined
    this.subscribe()
  }

  broken(error: LighthouseError): void {
    this.id = undefined
    this.sink.interrupted(error)
  }

  failed(error: LighthouseError): void {
    clearTimeout(this.timer)
    this.sink.failed(error)
  }

  private subscribe(): void {
    clearTimeout(this.timer)
    if (this.paused || this.id !== undefined || !this.connection.open) return
    const id = this.connection.converse((frame, chars) => this.take(id, frame, chars))
    this.id = id
    const { filter } = this.wanted
    const { after, lineage } =
      this.position === undefined ? this.wanted : { after: this.position, lineage: this.lineage }
    const onDamaged = this.sink.damaged === undefined ? undefined : 'skip'
    this.connection.send({ type: 'subscribe', id, filter, after, lineage, onDamaged })
  }

  private unsubscribe(): void {
    clearTimeout(this.timer)
    const { id } = this
    if (id === undefined) return
    this.id = undefined
    this.connection.forget(id)
    this.connection.send({ type: 'unsubscribe', id })
  }

  private take(id: string, frame: Frame, chars: number): void {
    if (id !== this.id) return
    const position = frame['position'] as Position
    if (frame.type === 'event') this.takeEvent(frame['event'] as RecordedEvent, chars)
    else if (frame.type === 'error' || frame.type === 'closed') this.stopped(id, frame)
    else if (frame.type === 'subscribed') this.begun(position)
    else if (frame.type === 'checkpoint') this.sink.checkpoint(this.reached(position))
    else if (frame.type === 'caughtUp') this.sink.caughtUp(this.reached(position))
    else if (frame.type === 'damaged') this.sink.damaged?.(damagedRangeOf(frame))
    else if (frame.type === 'fellBehind') this.sink.fellBehind(this.position ?? position)
  }

  private takeEvent(event: RecordedEvent, chars: number): void {
    // The server sends each event once. This guard keeps the promise of the follow even if one did not.
    if (this.position !== undefined && event.position <= this.position) return
    this.position = event.position
    this.failures = 0
    this.sink.event(event, chars)
  }

  /** The server goes on from here, so the position is one of its lineage. */
  private begun(position: Position): void {
    this.lineage = this.connection.lineage
    this.reached(position)
  }

  private reached(position: Position): Position {
    this.position = Math.max(this.position ?? 0, position)
    return this.position
  }

  /** The server ended the subscription: it is opened again after a delay, or fails when repeating cannot help. */
  private stopped(id: string, frame: Frame): void {
    this.connection.forget(id)
    this.id = undefined
    const error = errorOfFrame(frame)
    const delay = this.connection.retry.after(++this.failures, error)
    if (delay === undefined) {
      this.connection.leave(this)
      this.failed(error)
      return
    }
    this.sink.interrupted(error)
    this.timer = setTimeout(() => this.subscribe(), delay)
  }
}
