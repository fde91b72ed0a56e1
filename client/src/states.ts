// States made of events, folded by the server or in this process with any function.
import type { CallOptions } from './call.js'
import type { EventShape, JsonValue, Position, RecordedEvent } from './event.js'
import { type EventFilter, filterFrame } from './filter.js'
import type { Http } from './http.js'

/** A position, the id of an event, or a time. */
export type Moment = Position | string | Date

export interface Fold {
  /** Default `merge`, the JSON Merge Patch of `data`. */
  readonly reducer?: 'merge' | 'last' | 'count' | 'collect' | 'set' | undefined
  /** Only for the reducer `set`: the path of the value for which the latest data are kept. */
  readonly key?: string | undefined
}

export interface StateRequest extends Fold, CallOptions {
  /** The moment of the state, itself included; without it, now. */
  readonly at?: Moment | undefined
}

export interface ReplayRequest extends StateRequest {
  readonly filter?: EventFilter | undefined
  /** The name of a projection, which replaces filter and reducer. */
  readonly projection?: string | undefined
  /** Selects an older version of the projection. */
  readonly version?: number | undefined
  /** Only events beyond this moment are folded. */
  readonly after?: Moment | undefined
  /** A state to continue from; `after` must be the position it was made at. */
  readonly initial?: { readonly state: JsonValue; readonly events?: number | undefined } | undefined
  /** `skip`: damaged events are left out, and the answer names them. */
  readonly onDamaged?: 'fail' | 'skip' | undefined
}

export interface State<T = JsonValue> {
  readonly state: T
  /** Every matching event up to here is in the state; a later fold continues with it as `after`. */
  readonly position: Position
  /** The number of events in the state. */
  readonly events: number
}

export interface ServerState<T = JsonValue> extends State<T> {
  /** The first position that is kept. Events that retention removed before it are not in the state. */
  readonly first: Position
  /** The last durable position at the time of the fold. */
  readonly head: Position
  /** The ranges that were left out because they are damaged. */
  readonly damaged: readonly { readonly from: Position; readonly to: Position; readonly reason: string }[]
}

export type Reducer<T, S extends EventShape> = (state: T, event: RecordedEvent<S>) => T | Promise<T>

export async function replay<T>(http: Http, request: ReplayRequest): Promise<ServerState<T>> {
  const { filter, after, at, signal: _, context: __, ...rest } = request
  const asked = { ...rest, filter: filter && filterFrame(filter), after: momentText(after), at: momentText(at) }
  const call = { method: 'POST', path: 'v1/replay', body: JSON.stringify(asked) } as const
  return (await http.call(call, request)).body as ServerState<T>
}

export async function streamState<T>(http: Http, stream: string, request: StateRequest): Promise<ServerState<T>> {
  const query = new URLSearchParams()
  const { at, reducer, key } = request
  if (at !== undefined) query.set('at', String(momentText(at)))
  if (reducer !== undefined) query.set('reducer', reducer)
  if (key !== undefined) query.set('key', key)
  const path = `v1/streams/${encodeURIComponent(stream)}/state`
  return (await http.call({ method: 'GET', path, query }, request)).body as ServerState<T>
}

/** The start of a fold: a state of the caller's own, or the result of an earlier fold. */
export type Beginning<T> = Pick<State<T>, 'state'> & Partial<State<T>>

/** Holds only the state and one event at a time, so it can fold a log larger than memory. */
export async function fold<T, S extends EventShape>(
  events: AsyncIterable<RecordedEvent<S>>,
  reducer: Reducer<T, S>,
  beginning: Beginning<T>,
): Promise<State<T>> {
  let { state, position = 0, events: count = 0 } = beginning
  for await (const event of events) {
    state = await reducer(state, event)
    position = event.position
    count++
  }
  return { state, position, events: count }
}

export function momentText(value: Moment | undefined): Position | string | undefined {
  return value instanceof Date ? value.toISOString() : value
}
