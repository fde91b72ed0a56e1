// States made of events: folded by the server, or here by any function, one event at a time.
import type { CallOptions } from './call.js'
import type { EventShape, JsonValue, Position, RecordedEvent } from './event.js'
import { type EventFilter, filterFrame } from './filter.js'
import type { Http } from './http.js'

/** A position, an event's id, or a time. */
export type Moment = Position | string | Date

export interface Fold {
  /** `merge` (JSON Merge Patch of `data`) unless said. */
  readonly reducer?: 'merge' | 'last' | 'count' | 'collect' | 'set' | undefined
  /** Of the reducer `set`: the path of the value by which it keeps the latest data. */
  readonly key?: string | undefined
}

export interface StateRequest extends Fold, CallOptions {
  /** The moment, itself included; without it, now. */
  readonly at?: Moment | undefined
}

export interface ReplayRequest extends StateRequest {
  readonly filter?: EventFilter | undefined
  /** Instead of a filter and a reducer: a projection by its name. */
  readonly projection?: string | undefined
  /** Of an older projection. */
  readonly version?: number | undefined
  /** Begin behind it. */
  readonly after?: Moment | undefined
  /** A state to go on from; `after` says where it was made. */
  readonly initial?: { readonly state: JsonValue; readonly events?: number | undefined } | undefined
  /** `skip`: events that are damaged are passed over, and named. */
  readonly onDamaged?: 'fail' | 'skip' | undefined
}

export interface State<T = JsonValue> {
  readonly state: T
  /** Up to which everything that matches is in it: the `after` of what goes on from here. */
  readonly position: Position
  /** How many events it is made of. */
  readonly events: number
}

export interface ServerState<T = JsonValue> extends State<T> {
  /** The first position that is kept: what retention removed before it is in no state. */
  readonly first: Position
  /** The last durable position when it was made. */
  readonly head: Position
  /** What was passed over because it is damaged. */
  readonly damaged: readonly { readonly from: Position; readonly to: Position; readonly reason: string }[]
}

export type Reducer<T, S extends EventShape> = (state: T, event: RecordedEvent<S>) => T | Promise<T>

export async function replay<T>(http: Http, request: ReplayRequest): Promise<ServerState<T>> {
  const { filter, after, at, signal: _, context: __, ...rest } = request
  const asked = { ...rest, filter: filter && filterFrame(filter), after: moment(after), at: moment(at) }
  const call = { method: 'POST', path: 'v1/replay', body: JSON.stringify(asked) } as const
  return (await http.call(call, request)).body as ServerState<T>
}

export async function streamState<T>(http: Http, stream: string, request: StateRequest): Promise<ServerState<T>> {
  const query = new URLSearchParams()
  const { at, reducer, key } = request
  if (at !== undefined) query.set('at', String(moment(at)))
  if (reducer !== undefined) query.set('reducer', reducer)
  if (key !== undefined) query.set('key', key)
  const path = `v1/streams/${encodeURIComponent(stream)}/state`
  return (await http.call({ method: 'GET', path, query }, request)).body as ServerState<T>
}

/** Where a fold begins: with nothing, or with what an earlier one has answered. */
export type Beginning<T> = Pick<State<T>, 'state'> & Partial<State<T>>

/** Holds one event at a time, and what the function keeps. */
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

function moment(value: Moment | undefined): Position | string | undefined {
  return value instanceof Date ? value.toISOString() : value
}
