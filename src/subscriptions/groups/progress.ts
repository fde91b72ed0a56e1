// How far a group has come, for whoever looks after it. Pure.
import { ERRORS } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { inFlight, nextDue, stallOf } from './decide-take.js'
import type { HandOut } from './hand-out.js'
import type { Ledger } from './ledger.js'

export interface Progress {
  /** Everything up to here is settled, out, waiting to be tried again, or parked. */
  readonly floor: Position
  /** Looked at up to here. */
  readonly position: Position
  readonly head: Position
  /** Positions between the floor and the head. */
  readonly lag: number
  readonly inFlight: number
  /** Handed out before, and waiting to be handed out again. */
  readonly retrying: number
  readonly parked: number
  readonly oldestInFlight: { readonly position: Position; readonly deadline: string } | null
  /** When the next deadline passes or the next delay ends. */
  readonly nextDue: string | null
  readonly stalled: { readonly code: string; readonly detail: string } | null
  /** Agents that wait for events or have some. */
  readonly consumers: number
}

export function progressOf({ state, window, now, world }: Ledger, { damage, waiting }: HandOut): Progress {
  const floor = Math.max(state.floor, window.floorWith(state))
  const head = world.store.head()
  const flying = inFlight(state, now)
  const due = nextDue(state, now)
  const agents = new Set(waiting)
  let oldest: Position | undefined
  for (const [position, { consumer, deadlineMs }] of state.out) {
    if (deadlineMs <= now) continue
    agents.add(consumer)
    oldest = Math.min(oldest ?? position, position)
  }
  const deadline = oldest === undefined ? undefined : state.out.get(oldest)?.deadlineMs
  return {
    ...{ floor, position: Math.max(window.read, floor), head, lag: Math.max(0, head - floor) },
    ...{ inFlight: flying, retrying: state.out.size - flying + state.returned.size, parked: state.parked.size },
    oldestInFlight:
      oldest === undefined || deadline === undefined ? null : { position: oldest, deadline: timeOf(deadline) },
    nextDue: due === undefined ? null : timeOf(due),
    stalled: damage === undefined ? (stallOf(state, window, now) ?? null) : damaged(damage.message),
    consumers: agents.size,
  }
}

function damaged(detail: string) {
  return { code: 'DATA_CORRUPT', detail: `${detail}. ${ERRORS.DATA_CORRUPT.remedy}` }
}

/** RFC 3339. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
