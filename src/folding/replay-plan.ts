// Turns a request to replay into a read and a fold, or reports all that is wrong with it. Pure.
import type { Access } from '../auth/access.js'
import { type FieldPath, readPath } from '../contract/check/field-path.js'
import { type FieldError, invalid, StoreError } from '../contract/errors.js'
import type { JsonValue, Position } from '../contract/event.js'
import type { EventFilter } from '../contract/filter.js'
import { isTime, type Moment, notAMoment, readMoment } from '../contract/moment.js'
import { parseTime } from '../contract/rfc3339.js'
import type { Upcasters } from '../upcasting/upcaster.js'
import type { Folded } from './fold.js'
import { definitionMark, type FoldParts } from './fold-descriptor.js'
import { type Projection, projectionFilterOf } from './projection.js'
import { fitsProjection, projectionReducer } from './projection-reducer.js'
import { fits, type Reducer, type ReducerName, reducerOf } from './reducers.js'
import type { ReplayDto } from './replay.dto.js'

/** What a replay needs to run, apart from where it begins and ends. */
export interface ReplayRun {
  readonly filter: EventFilter
  readonly reducer: Reducer
  readonly upcasters: Upcasters
  readonly initial: Pick<Folded, 'state' | 'events'> | undefined
  readonly skipDamaged: boolean
}

export interface ReplayPlan extends ReplayRun {
  /** Identifies the fold, independent of where it begins and ends. */
  readonly fold: FoldParts
  /** False when it begins elsewhere or skips damage, because a kept state holds all that matches from the start. */
  readonly keptStates: boolean
  /** Exclusive; undefined begins with the first event. */
  readonly after: Moment | undefined
  /** Inclusive; undefined ends with the head. */
  readonly at: Moment | undefined
}

/** `after` is exclusive and `end` inclusive; `first` is the first position kept, `head` the last durable one. */
export interface Span {
  readonly after: Position
  readonly end: Position
  /** The position that is answered. For a time it is the last one the caller may read, so that no other shows. */
  readonly told: Position
  readonly first: Position
  readonly head: Position
}

/** What is registered when the plan is made; `projection` is the one the request names. */
export interface Registered {
  readonly upcasters: Upcasters
  readonly projection: Projection | undefined
}

interface How {
  readonly reducer: Reducer
  readonly parts: Pick<FoldParts, 'filter' | 'reducer' | 'key' | 'projection'>
  /** Names it in the error that a state is none of it. */
  readonly whose: string
  readonly takes: (state: JsonValue) => boolean
}

export function replayPlan(asked: ReplayDto, access: Access, { upcasters, projection }: Registered): ReplayPlan {
  const faults: FieldError[] = []
  const moment = (value: unknown, pointer: string): Moment | undefined => {
    const read = value === undefined ? undefined : readMoment(value)
    if (value !== undefined && read === undefined) faults.push({ pointer, detail: notAMoment(value) })
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

/** The projection brings its own filter, reducer and key, so the request must not. */
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

/** Refuses a time in the future, because events may still be stored before it. */
export function checkPast(moment: Moment, nowMs: number, pointer: string): void {
  if (isTime(moment) && parseTime(moment) > BigInt(nowMs) * 1_000_000n)
    throw invalid(pointer, 'lies in the future: the time is still to come')
}

/**
 * Refuses an end before the first position kept, because the events of that state are gone, and an `initial` made
 * before it, because the events in between are missing.
 */
export function checkKept({ at, initial }: ReplayPlan, span: Omit<Span, 'head' | 'told'>): void {
  const { after, end, first } = span
  const emptyAt = at === 0 || at === 'start'
  if (at !== undefined && !emptyAt && first > 1 && end < first) refuseRetired('/at', first)
  if (initial !== undefined && after < first - 1) refuseRetired('/after', first)
}

function refuseRetired(pointer: string, first: Position): never {
  throw invalid(pointer, `lies before what is kept: the first position is ${first}`)
}
