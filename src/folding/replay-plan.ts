// Turns a request to replay into a read and a fold, or says what is wrong with it. Pure.
import type { Access } from '../auth/access.js'
import { type FieldPath, readPath } from '../contract/check/field-path.js'
import { type FieldError, invalid, StoreError } from '../contract/errors.js'
import type { JsonValue, Position } from '../contract/event.js'
import type { EventFilter } from '../contract/filter.js'
import { isTime, MOMENT_RULE, type Moment, readMoment } from '../contract/moment.js'
import { parseTime } from '../contract/rfc3339.js'
import type { Upcasters } from '../upcasting/upcaster.js'
import type { Folded } from './fold.js'
import { definitionMark, type FoldParts } from './fold-descriptor.js'
import { type Projection, projectionFilterOf } from './projection.js'
import { fitsProjection, projectionReducer } from './projection-reducer.js'
import { fits, type Reducer, type ReducerName, reducerOf } from './reducers.js'
import type { ReplayDto } from './replay.dto.js'

/** Which events are read, and what becomes of them. */
export interface ReplayRun {
  readonly filter: EventFilter
  readonly reducer: Reducer
  readonly upcasters: Upcasters
  readonly initial: Pick<Folded, 'state' | 'events'> | undefined
  readonly skipDamaged: boolean
}

export interface ReplayPlan extends ReplayRun {
  /** What the fold is, wherever it begins and ends. */
  readonly fold: FoldParts
  /** Whether it may begin with a state that is kept: one that begins elsewhere, or passes over damage, may not. */
  readonly keptStates: boolean
  /** Exclusive; undefined: from the first event on. */
  readonly after: Moment | undefined
  /** Inclusive; undefined: up to the head. */
  readonly at: Moment | undefined
}

/** Positions: exclusive, inclusive, the first that is kept and the last durable one. */
export interface Span {
  readonly after: Position
  readonly end: Position
  /** As far as the caller may know of a moment that was a time: between it and the end is nothing it may read. */
  readonly told: Position
  readonly first: Position
  readonly head: Position
}

/** What is registered, as a plan is made: `projection` is the one the request names. */
export interface Registered {
  readonly upcasters: Upcasters
  readonly projection: Projection | undefined
}

interface How {
  readonly reducer: Reducer
  readonly parts: Pick<FoldParts, 'filter' | 'reducer' | 'key' | 'projection'>
  /** For whoever hears that a state is none of it. */
  readonly whose: string
  readonly takes: (state: JsonValue) => boolean
}

export function replayPlan(asked: ReplayDto, access: Access, { upcasters, projection }: Registered): ReplayPlan {
  const faults: FieldError[] = []
  const moment = (value: unknown, pointer: string): Moment | undefined => {
    const read = value === undefined ? undefined : readMoment(value)
    if (value !== undefined && read === undefined) faults.push({ pointer, detail: MOMENT_RULE })
    return read
  }
  const how = projection === undefined ? byReducer(asked, faults) : byProjection(asked, projection, faults)
  if (asked.initial !== undefined && how !== undefined && !how.takes(asked.initial.state as JsonValue)) {
    faults.push({ pointer: '/initial/state', detail: `is no state of ${how.whose}` })
  }
  const after = asked.after === 'start' ? undefined : moment(asked.after, '/after')
  const at = asked.at === 'head' ? undefined : moment(asked.at, '/at')
  const [first] = faults
  if (first !== undefined || how === undefined) {
    throw new StoreError('INVALID_REQUEST', `${first?.pointer} ${first?.detail}`, { errors: faults })
  }
  const within = access.within('events.read')
  const { reducer, parts } = how
  const skipDamaged = asked.onDamaged === 'skip'
  return {
    fold: { ...parts, upcasters: upcasters.mark, within },
    keptStates: asked.snapshots !== false && after === undefined && asked.initial === undefined && !skipDamaged,
    filter: { ...parts.filter, ...(within === undefined ? undefined : { within }) },
    after,
    at,
    reducer,
    upcasters,
    skipDamaged,
    initial:
      asked.initial === undefined
        ? undefined
        : { state: asked.initial.state as JsonValue, events: asked.initial.events ?? 0 },
  }
}

function byReducer(asked: ReplayDto, faults: FieldError[]): How | undefined {
  const name = asked.reducer ?? 'merge'
  if (asked.version !== undefined) faults.push({ pointer: '/version', detail: 'is of a projection only' })
  const path = keyOf(name, asked.key, faults)
  if (name === 'set' && path === undefined) return undefined
  return {
    reducer: reducerOf(name, path),
    parts: { filter: asked.filter ?? {}, reducer: name, key: path },
    whose: `the reducer ${name}`,
    takes: state => fits(name, state),
  }
}

/** It brings its own filter, and its own way to make states. */
function byProjection(asked: ReplayDto, { name, version, definition }: Projection, faults: FieldError[]): How {
  for (const field of ['filter', 'reducer', 'key'] as const) {
    if (asked[field] !== undefined) faults.push({ pointer: `/${field}`, detail: 'is what the projection says' })
  }
  return {
    reducer: projectionReducer(definition),
    parts: { filter: projectionFilterOf(definition), projection: { name, version, mark: definitionMark(definition) } },
    whose: `the projection ${name}`,
    takes: state => fitsProjection(definition, state),
  }
}

function keyOf(name: ReducerName, key: string | undefined, faults: FieldError[]): FieldPath | undefined {
  if (name !== 'set') {
    if (key !== undefined) faults.push({ pointer: '/key', detail: 'is for the reducer set only' })
    return undefined
  }
  if (key === undefined) {
    faults.push({ pointer: '/key', detail: 'is required by the reducer set' })
    return undefined
  }
  const read = readPath(key)
  if ('path' in read) return read.path
  faults.push({ pointer: '/key', detail: read.fault })
  return undefined
}

/** What a time to come stands for could still change. */
export function checkPast(moment: Moment, nowMs: number, pointer: string): void {
  if (isTime(moment) && parseTime(moment) > BigInt(nowMs) * 1_000_000n)
    throw invalid(pointer, 'lies in the future: the time is still to come')
}

/** What was retired is no longer known: the state was not empty then, and what was made before lacks it now. */
export function checkKept({ at, initial }: ReplayPlan, span: Omit<Span, 'head' | 'told'>): void {
  const { after, end, first } = span
  const emptyAt = at === 0 || at === 'start'
  if (at !== undefined && !emptyAt && first > 1 && end < first) refuseRetired('/at', first)
  if (initial !== undefined && after < first - 1) refuseRetired('/after', first)
}

function refuseRetired(pointer: string, first: Position): never {
  throw invalid(pointer, `lies before what is kept: the first position is ${first}`)
}
