// Decides which events a consumer is given now, in which order, and which were handed out too often. Pure.
import type { Position } from '../../contract/event.js'
import type { Sight } from '../sight.js'
import type { Definition } from './group-definition.js'
import type { Change, TakenRow, TokenRow } from './group-events.js'
import { GROUP_LIMITS } from './group-limits.js'
import type { GroupState } from './group-state.js'
import { keyOf, type Ready } from './key-queues.js'
import type { Window } from './window.js'

export interface Ask {
  readonly nowMs: number
  readonly max: number
  /** Undefined when the consumer may see everything. */
  readonly sight?: Sight | undefined
}

export interface Choice {
  readonly position: Position
  /** Includes this delivery, so the first is 1. */
  readonly attempt: number
  readonly stream: string
  readonly correlation: string | undefined
  readonly event: Ready['event']
}

/** An event that was handed out before and that no consumer holds now. */
interface Waiting extends Choice {
  /** False while its delay lasts: it is not handed out then, but still holds back later events of its key. */
  readonly due: boolean
}

/** Returns the oldest first, each key in its order, and no more than the bounds of the group allow. */
export function chooseTake(state: GroupState, window: Window, { nowMs, max, sight }: Ask): Choice[] {
  const { definition } = state
  if (definition === undefined) return []
  const most = Math.min(max, definition.maxInFlight - countInFlight(state, nowMs))
  const chosen: Choice[] = []
  if (most <= 0) return chosen
  const { ordering } = definition
  const keyed = ordering !== 'none'
  const held = keyed ? keysOut(state, definition, nowMs) : NO_KEYS
  const older = olderOnes(state, nowMs, keyed)
  const mayGo = (one: Ready | Waiting): boolean => {
    const key = keyOf(ordering, one)
    if (key === undefined) return true
    if (held.has(key)) return false
    // Later events of the key wait for this one even if it is not chosen.
    held.add(key)
    return true
  }
  let at = 0
  const chooseOlder = (before: Position): void => {
    for (let one = older[at]; one !== undefined && one.position < before && chosen.length < most; one = older[++at]) {
      if (mayGo(one) && one.due && (sight?.sees(one.position, one.stream) ?? true)) chosen.push(one)
    }
  }
  let fresh = roomForNew(state)
  for (const one of keyed || fresh > 0 ? window.candidates(ordering, sight) : NOTHING) {
    const { position, stream, correlation, event } = one
    chooseOlder(position)
    if (chosen.length >= most) return chosen
    if (!mayGo(one) || (keyed && sight !== undefined && !sight.visible.has(position))) continue
    if (fresh-- > 0) chosen.push({ position, attempt: 1, stream, correlation, event })
  }
  chooseOlder(Number.POSITIVE_INFINITY)
  return chosen
}

export function takeOf(
  state: GroupState,
  choices: readonly Choice[],
  { consumer, nowMs, floor }: { readonly consumer: string; readonly nowMs: number; readonly floor: Position },
): Extract<Change, { type: 'EventsTaken' }> {
  const { ackTimeoutSeconds } = state.definition as Definition
  const events = choices.map(
    ({ position, attempt, stream, correlation }): TakenRow =>
      correlation === undefined ? [position, attempt, stream] : [position, attempt, stream, correlation],
  )
  const deadlineMs = nowMs + 1_000 * ackTimeoutSeconds
  return { type: 'EventsTaken', consumer, firstNumber: state.lastNumber + 1, deadlineMs, events, floor }
}

/** Events to be parked, because they were handed out as often as allowed and then timed out or were returned. */
export function exhausted(
  state: GroupState,
  nowMs: number,
): { readonly timedOut: TokenRow[]; readonly returned: TokenRow[] } {
  const most = state.definition?.maxAttempts ?? Number.POSITIVE_INFINITY
  const timedOut: TokenRow[] = []
  const returned: TokenRow[] = []
  for (const [position, { attempt, deadlineMs, number }] of state.inFlight) {
    if (deadlineMs <= nowMs && attempt >= most) timedOut.push([position, number])
  }
  for (const [position, { attempt }] of state.retrying) if (attempt >= most) returned.push([position, 0])
  return { timedOut, returned }
}

/** Counts the deliveries whose deadline has not passed. */
export function countInFlight(state: GroupState, nowMs: number): number {
  let count = 0
  for (const { deadlineMs } of state.inFlight.values()) if (deadlineMs > nowMs) count++
  return count
}

/** When the next deadline passes or the next delay ends; undefined when there is neither. */
export function nextDue(state: GroupState, nowMs: number): number | undefined {
  let next = Number.POSITIVE_INFINITY
  for (const { deadlineMs } of state.inFlight.values()) if (deadlineMs > nowMs && deadlineMs < next) next = deadlineMs
  for (const { notBeforeMs } of state.retrying.values())
    if (notBeforeMs > nowMs && notBeforeMs < next) next = notBeforeMs
  return next === Number.POSITIVE_INFINITY ? undefined : next
}

/** Every event that is handed out may have to be parked, so room for that is reserved when it is handed out. */
export function roomForNew({ inFlight: out, retrying: returned, parked }: GroupState): number {
  return GROUP_LIMITS.parked - out.size - returned.size - parked.size
}

export type StallCode = 'DATA_CORRUPT' | 'OWNER_REVOKED' | 'PARKED_FULL' | 'FLOOR_HELD'

/** The bound that keeps the group from handing out anything new; undefined when none does. */
export function stallReason(
  state: GroupState,
  window: Window,
  nowMs: number,
): { readonly code: StallCode; readonly detail: string } | undefined {
  if (state.parked.size > 0 && roomForNew(state) <= 0) {
    const detail = `${state.parked.size} events are parked, and with those that are out or wait to be tried again there is no room for more: replay or discard them.`
    return { code: 'PARKED_FULL', detail }
  }
  if (window.room <= 0 && chooseTake(state, window, { nowMs, max: 1 }).length === 0) {
    const detail = `${GROUP_LIMITS.aboveFloor} events beyond position ${state.floor} match and have been read, and the one at ${window.oldest} is not settled: settle or park it.`
    return { code: 'FLOOR_HELD', detail }
  }
  return undefined
}

const NO_KEYS = new Set<string>()
const NOTHING: readonly Ready[] = []

/** The keys with an event in flight: no second event of such a key may be handed out, not even an older one. */
function keysOut(state: GroupState, definition: Definition, nowMs: number): Set<string> {
  const keys = new Set<string>()
  for (const { deadlineMs, stream, correlation } of state.inFlight.values()) {
    const key = deadlineMs > nowMs ? keyOf(definition.ordering, { stream, correlation }) : undefined
    if (key !== undefined) keys.add(key)
  }
  return keys
}

/** With an ordering, events whose delay lasts are included, too, because they hold back later ones of their key. */
function olderOnes(state: GroupState, nowMs: number, withDelayed: boolean): Waiting[] {
  const found: Waiting[] = []
  const add = (position: Position, of: { attempt: number; stream: string; correlation?: string }, due: boolean) => {
    const { attempt, stream, correlation } = of
    found.push({ position, attempt: attempt + 1, stream, correlation, event: undefined, due })
  }
  for (const [position, out] of state.inFlight) if (out.deadlineMs <= nowMs) add(position, out, true)
  for (const [position, one] of state.retrying) {
    const due = one.notBeforeMs <= nowMs
    if (due || withDelayed) add(position, one, due)
  }
  return found.sort((a, b) => a.position - b.position)
}
