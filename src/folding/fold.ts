// Folds events into a state, one by one, and keeps the state within its size limit. Pure.
import { StoreError } from '../contract/errors.js'
import type { JsonValue, Position, RecordedEvent } from '../contract/event.js'
import type { Reducer } from './reducers.js'

/** The most bytes of a state as JSON. */
export const STATE_BYTES_MAX = 16 * 1024 * 1024

export interface Folded {
  readonly state: JsonValue
  /** The position of the last event that was folded, or where the fold began when there was none. */
  readonly position: Position
  /** How many events were folded, including those in the state it began with. */
  readonly events: number
  /** Of the state as JSON, or a little more; absent where nobody has measured it. */
  readonly stateBytes?: number
}

export class Fold {
  private state: JsonValue
  private at: Position
  private count: number
  /** The most the state can have grown since it was last measured, because measuring for each event would be slow. */
  private unmeasured = 0
  private measured: number

  constructor(
    private readonly reducer: Reducer,
    from?: Folded,
  ) {
    // `??` would not do, because a state may be null.
    this.state = from === undefined ? reducer.initial() : from.state
    this.at = from?.position ?? 0
    this.count = from?.events ?? 0
    this.measured = from === undefined ? 0 : (from.stateBytes ?? this.measure())
    if (this.measured > STATE_BYTES_MAX) throw tooLarge(this.at)
  }

  apply(event: RecordedEvent): void {
    this.state = this.reducer.apply(this.state, event)
    this.at = event.position
    this.count++
    this.bound(event)
  }

  /** The state itself, not a copy: it changes with the next event. */
  get folded(): Folded {
    return { state: this.state, position: this.at, events: this.count }
  }

  /** A byte of MessagePack takes at most six characters of JSON; `KEY_BYTES` is for the key or type beside it. */
  private bound(event: RecordedEvent): void {
    this.unmeasured += this.reducer.growth?.(event) ?? 6 * event.packedData().length + KEY_BYTES
    if (this.measured + this.unmeasured <= STATE_BYTES_MAX) return
    this.measured = this.measure()
    this.unmeasured = 0
    if (this.measured > STATE_BYTES_MAX) throw tooLarge(event.position)
  }

  private measure(): number {
    return Buffer.byteLength(JSON.stringify(this.state))
  }
}

const KEY_BYTES = 1024

function tooLarge(position: Position): StoreError {
  const detail = `At position ${position} the state is larger than ${STATE_BYTES_MAX / 1024 / 1024} MiB`
  return new StoreError('STATE_TOO_LARGE', detail)
}
