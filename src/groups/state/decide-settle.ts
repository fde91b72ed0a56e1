// Decides what settling deliveries changes: each is named by its token, and all are settled or none. Pure.
import type { Position } from '../../contract/event.js'
import type { Definition } from './group-definition.js'
import type { Action, Change, TokenRow } from './group-events.js'
import { GROUP_LIMITS } from './group-limits.js'
import type { GroupState, Out } from './group-state.js'
import type { Window } from './window.js'

export interface Settlement {
  readonly tokens: readonly string[]
  readonly action: Action
  readonly by: string
  /** Allows settling deliveries of other consumers. */
  readonly forOthers: boolean
  readonly nowMs: number
  readonly delaySeconds?: number
  readonly reason?: string
}

export interface Settled {
  /** The indices in `tokens` of those that settle nothing. If there are any, `changes` is empty. */
  readonly stale: readonly number[]
  readonly changes: readonly Change[]
}

const TOKEN = /^([1-9][0-9]{0,15})\.([1-9][0-9]{0,15})$/

export function readToken(token: string): TokenRow | undefined {
  const parts = TOKEN.exec(token)
  return parts === null ? undefined : [Number(parts[1]), Number(parts[2])]
}

export function decideSettle(state: GroupState, window: Window, settlement: Settlement): Settled {
  const stale: number[] = []
  const rows = new Map<Position, TokenRow>()
  for (const [at, token] of settlement.tokens.entries()) {
    const row = readToken(token)
    if (row === undefined) stale.push(at)
    else if (isHeld(state, row, settlement)) rows.set(row[0], row)
    // The same settlement may come again, because the answer to the first may have been lost.
    else if (state.recent.get(token) !== settlement.action) stale.push(at)
  }
  if (stale.length > 0) return { stale, changes: [] }
  return { stale, changes: rows.size === 0 ? [] : changesOf(state, window, settlement, [...rows.values()]) }
}

/** A delivery past its deadline may still be settled as long as nobody else has been given the event. */
function isHeld(state: GroupState, [position, number]: TokenRow, { by, forOthers }: Settlement): boolean {
  const out = state.inFlight.get(position)
  return out !== undefined && out.number === number && (forOthers || out.consumer === by)
}

function changesOf(state: GroupState, window: Window, settlement: Settlement, deliveries: TokenRow[]): Change[] {
  const { action, by } = settlement
  switch (action) {
    case 'ack':
    case 'skip':
      return [{ type: 'EventsSettled', by, action, deliveries, floor: floorAfter(state, window, deliveries) }]
    case 'park':
      return [parked(state, window, settlement, { action, deliveries })]
    case 'release':
      return [{ type: 'EventsReturned', by, action, notBeforeMs: settlement.nowMs, deliveries }]
    case 'retry':
      return returned(state, window, settlement, deliveries)
  }
}

function returned(state: GroupState, window: Window, settlement: Settlement, deliveries: TokenRow[]): Change[] {
  const { by, nowMs, delaySeconds = 0, reason } = settlement
  const again = deliveries.filter(row => !isSpent(state, row))
  const spent = deliveries.filter(row => isSpent(state, row))
  const changes: Change[] = []
  const notBeforeMs = nowMs + 1_000 * delaySeconds
  const why = reason === undefined ? {} : { reason }
  if (again.length > 0) {
    changes.push({ type: 'EventsReturned', by, action: 'retry', notBeforeMs, ...why, deliveries: again })
  }
  if (spent.length > 0) changes.push(parked(state, window, settlement, { action: 'retry', deliveries: spent }))
  return changes
}

/** Of a delivery that is held, and so of a group that is defined. */
function isSpent({ definition, inFlight }: GroupState, [position]: TokenRow): boolean {
  return (inFlight.get(position) as Out).attempt >= (definition as Definition).maxAttempts
}

function parked(
  state: GroupState,
  window: Window,
  { by, nowMs, reason }: Settlement,
  { action, deliveries }: { readonly action: 'park' | 'retry'; readonly deliveries: TokenRow[] },
): Change {
  const unsaid = action === 'park' ? 'parked by its consumer' : 'returned as often as it may be handed out'
  const floor = floorAfter(state, window, deliveries)
  return { type: 'EventsParked', by, action, atMs: nowMs, reason: reason ?? unsaid, deliveries, floor }
}

export function floorAfter(state: GroupState, window: Window, deliveries: readonly TokenRow[]): Position {
  return window.floorWith(state, new Set(deliveries.map(([position]) => position)))
}

/** Without `positions` all that are parked. Positions that are not parked are passed over without an error. */
export function parkedAmong(state: GroupState, positions: readonly Position[] | undefined): Position[] {
  const all = positions === undefined ? [...state.parked.keys()] : [...new Set(positions)]
  return all.filter(position => state.parked.has(position)).slice(0, GROUP_LIMITS.parked)
}
