// Turns a request to replay into a read and a fold, or says what is wrong with it. Pure.
import type { Access } from '../auth/access.js'
import { type FieldError, StoreError } from '../contract/errors.js'
import type { JsonValue, Position } from '../contract/event.js'
import { type FieldPath, readPath } from '../contract/field-path.js'
import type { EventFilter } from '../contract/filter.js'
import { MOMENT_RULE, type Moment, readMoment } from '../contract/moment.js'
import type { Folded } from './fold.js'
import { fits, type Reducer, type ReducerName, reducerOf } from './reducers.js'
import type { ReplayDto } from './replay.dto.js'
import type { Span } from './replay.js'

export interface ReplayPlan {
  readonly filter: EventFilter
  /** Exclusive; undefined: from the first event on. */
  readonly after: Moment | undefined
  /** Inclusive; undefined: up to the head. */
  readonly at: Moment | undefined
  readonly reducer: Reducer
  readonly reducerName: ReducerName
  readonly initial: Pick<Folded, 'state' | 'events'> | undefined
  readonly skipDamaged: boolean
}

export function replayPlan(asked: ReplayDto, access: Access): ReplayPlan {
  const faults: FieldError[] = []
  const moment = (value: unknown, pointer: string): Moment | undefined => {
    const read = value === undefined ? undefined : readMoment(value)
    if (value !== undefined && read === undefined) faults.push({ pointer, detail: MOMENT_RULE })
    return read
  }
  const name = asked.reducer ?? 'merge'
  const key = keyOf(name, asked.key, faults)
  if (asked.initial !== undefined && !fits(name, asked.initial.state as JsonValue)) {
    faults.push({ pointer: '/initial/state', detail: `is no state of the reducer ${name}` })
  }
  const after = asked.after === 'start' ? undefined : moment(asked.after, '/after')
  const at = asked.at === 'head' ? undefined : moment(asked.at, '/at')
  const [first] = faults
  if (first !== undefined) {
    throw new StoreError('INVALID_REQUEST', `${first.pointer} ${first.detail}`, { errors: faults })
  }
  const within = access.within('events.read')
  return {
    filter: { ...asked.filter, ...(within === undefined ? undefined : { within }) },
    ...{ after, at, reducer: reducerOf(name, key), reducerName: name, skipDamaged: asked.onDamaged === 'skip' },
    initial:
      asked.initial === undefined
        ? undefined
        : { state: asked.initial.state as JsonValue, events: asked.initial.events ?? 0 },
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

/** A moment whose answer could still change is none. */
export function checkPast(moment: Moment, head: Position, nowMs: number, pointer: string): void {
  if ('position' in moment && moment.position > head) refuseFuture(pointer, `the head is ${head}`)
  if ('timeNs' in moment && moment.timeNs > BigInt(nowMs) * 1_000_000n)
    refuseFuture(pointer, 'the time is still to come')
}

/** What was retired is no longer known: the state was not empty then, and what was made before lacks it now. */
export function checkKept({ at, initial }: ReplayPlan, span: Omit<Span, 'head'>): void {
  const { after, end, first } = span
  const emptyAt = at !== undefined && 'position' in at && at.position === 0
  if (at !== undefined && !emptyAt && first > 1 && end < first) refuseRetired('/at', first)
  if (initial !== undefined && after < first - 1) refuseRetired('/after', first)
}

function refuseRetired(pointer: string, first: Position): never {
  refuse(pointer, `lies before what is kept: the first position is ${first}`)
}

function refuseFuture(pointer: string, why: string): never {
  refuse(pointer, `lies in the future: ${why}`)
}

function refuse(pointer: string, detail: string): never {
  throw new StoreError('INVALID_REQUEST', `${pointer} ${detail}`, { errors: [{ pointer, detail }] })
}
