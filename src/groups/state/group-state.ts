// The state of a group as the fold of its state events: what is settled, in flight, retrying and parked. Pure.
import type { Position } from '../../contract/event.js'
import type { Definition } from './group-definition.js'
import { type Action, type Change, type TokenRow, tokenOf } from './group-events.js'
import { GROUP_LIMITS } from './group-limits.js'

interface Known {
  /** How many times it has been handed out. */
  readonly attempt: number
  readonly stream: string
  readonly correlation?: string
}

export interface Out extends Known {
  readonly number: number
  readonly deadlineMs: number
  readonly consumer: string
}

export interface Returned extends Known {
  readonly notBeforeMs: number
}

export interface Parked extends Known {
  readonly reason: string
  readonly atMs: number
}

export interface GroupState {
  /** Undefined before the group is defined and after it is deleted. */
  definition: Definition | undefined
  /** Kept when a group is deleted, so that no token of it is valid in a later group of the same name. */
  lastNumber: number
  /** Everything up to here is settled, or is in `inFlight`, `retrying` or `parked`. */
  floor: Position
  /** Settled positions above the floor. */
  readonly settled: Set<Position>
  readonly inFlight: Map<Position, Out>
  readonly retrying: Map<Position, Returned>
  readonly parked: Map<Position, Parked>
  /** How the last tokens were settled, oldest first, so that the same settlement may come again. */
  readonly recent: Map<string, Action>
  /** How many changes there were since the whole state was last written. */
  changes: number
}

export function emptyState(): GroupState {
  return {
    definition: undefined,
    lastNumber: 0,
    floor: 0,
    changes: 0,
    settled: new Set(),
    inFlight: new Map(),
    retrying: new Map(),
    parked: new Map(),
    recent: new Map(),
  }
}

/** Changes the state in place, because a busy group has a large one and copying it would cost more than the change. */
export function apply(state: GroupState, change: Change): void {
  state.changes++
  switch (change.type) {
    case 'SubscriptionDefined':
      begin(state, change)
      break
    case 'SubscriptionChanged':
      if (state.definition !== undefined) state.definition = { ...state.definition, ...change.settings }
      break
    case 'SubscriptionDeleted':
      clear(state)
      state.lastNumber = Math.max(state.lastNumber, change.lastNumber)
      break
    case 'EventsTaken':
      take(state, change)
      break
    case 'EventsSettled':
      for (const row of change.deliveries) settle(state, row, change.action)
      raiseFloor(state, change.floor)
      break
    case 'EventsReturned':
      for (const row of change.deliveries) giveBack(state, row, change)
      break
    case 'EventsParked':
      for (const row of change.deliveries) park(state, row, change)
      raiseFloor(state, change.floor)
      break
    case 'EventsGone':
      for (const position of change.positions) finish(state, position)
      raiseFloor(state, change.floor)
      break
    case 'ParkedReplayed':
      for (const position of change.positions) replay(state, position)
      break
    case 'ParkedDiscarded':
      for (const position of change.positions) finish(state, position)
  }
}

/** The state is known from this change on, whatever was before, so `changes` counts this one only. */
function clear(state: GroupState): void {
  state.definition = undefined
  state.floor = 0
  state.changes = 1
  for (const part of [state.settled, state.inFlight, state.retrying, state.parked, state.recent]) part.clear()
}

function begin(state: GroupState, { definition, lastNumber }: Extract<Change, { type: 'SubscriptionDefined' }>): void {
  clear(state)
  state.definition = definition
  state.floor = definition.start
  state.lastNumber = Math.max(state.lastNumber, lastNumber)
}

function take(state: GroupState, change: Extract<Change, { type: 'EventsTaken' }>): void {
  const { consumer, deadlineMs, events } = change
  let number = change.firstNumber
  for (const [position, attempt, stream, correlation] of events) {
    state.retrying.delete(position)
    // Deleted first, so that the map stays in the order of the deadlines as long as the timeout is not changed.
    state.inFlight.delete(position)
    const known = correlation === undefined ? { attempt, stream } : { attempt, stream, correlation }
    state.inFlight.set(position, { ...known, number: number++, deadlineMs, consumer })
  }
  state.lastNumber = Math.max(state.lastNumber, number - 1)
  raiseFloor(state, change.floor)
}

function settle(state: GroupState, row: TokenRow, action: Action): void {
  finish(state, row[0])
  remember(state, row, action)
}

/** The event is never handed out again. Up to the floor this need not be remembered. */
function finish(state: GroupState, position: Position): void {
  state.inFlight.delete(position)
  state.retrying.delete(position)
  state.parked.delete(position)
  if (position > state.floor) state.settled.add(position)
}

function remember({ recent }: GroupState, row: TokenRow, action: Action): void {
  recent.set(tokenOf(row), action)
  if (recent.size <= GROUP_LIMITS.settledRemembered) return
  const [oldest] = recent.keys()
  recent.delete(oldest as string)
}

function giveBack(
  state: GroupState,
  row: TokenRow,
  { action, notBeforeMs }: Extract<Change, { type: 'EventsReturned' }>,
): void {
  const [position] = row
  const out = state.inFlight.get(position)
  if (out === undefined) return
  state.inFlight.delete(position)
  const attempt = action === 'release' ? out.attempt - 1 : out.attempt
  state.retrying.set(position, { ...knownOf(out), attempt, notBeforeMs })
  remember(state, row, action)
}

function park(
  state: GroupState,
  row: TokenRow,
  { action, reason, atMs }: Extract<Change, { type: 'EventsParked' }>,
): void {
  const [position] = row
  const held = state.inFlight.get(position) ?? state.retrying.get(position)
  if (held === undefined) return
  state.inFlight.delete(position)
  state.retrying.delete(position)
  state.parked.set(position, { ...knownOf(held), reason, atMs })
  if (action !== 'timeout') remember(state, row, action)
}

/** The event begins again with all its attempts and without a delay. */
function replay(state: GroupState, position: Position): void {
  const parked = state.parked.get(position)
  if (parked === undefined) return
  state.parked.delete(position)
  state.retrying.set(position, { ...knownOf(parked), attempt: 0, notBeforeMs: 0 })
}

function knownOf({ attempt, stream, correlation }: Known): Known {
  return correlation === undefined ? { attempt, stream } : { attempt, stream, correlation }
}

function raiseFloor(state: GroupState, floor: Position): void {
  if (floor <= state.floor) return
  state.floor = floor
  for (const position of state.settled) if (position <= floor) state.settled.delete(position)
}
