// The status of a group as a caller may see it: nothing outside the caller's scope is revealed.
import { ERRORS } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { Turn } from '../../contract/turns.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { GroupJournal } from '../dispatch/group-journal.js'
import { covers, groupScopeKeyOf } from '../group-scope.js'
import { countInFlight, nextDue, type StallCode, stallReason } from './decide-take.js'
import type { Definition } from './group-definition.js'

export interface GroupStatus {
  /** Everything up to here is settled, in flight, retrying or parked. */
  readonly floor: Position
  /** The log has been read up to here. */
  readonly position: Position
  readonly head: Position
  /** Positions between the floor and the head. */
  readonly lag: number
  readonly inFlight: number
  /** Handed out before, and held by no consumer now. */
  readonly retrying: number
  readonly parked: number
  readonly oldestInFlight: { readonly position: Position; readonly deadline: string } | null
  /** When the next deadline passes or the next delay ends. */
  readonly nextDue: string | null
  readonly stalled: { readonly code: string; readonly detail: string } | null
  /** Agents that wait for events or hold some. */
  readonly consumers: number
}

export function groupStatusOf({ state, window, now, world }: GroupJournal, handOut: Dispatcher): GroupStatus {
  const floor = Math.max(state.floor, window.floorWith(state))
  const head = world.store.head()
  const flying = countInFlight(state, now)
  const due = nextDue(state, now)
  const agents = new Set(handOut.waiting)
  let oldest: Position | undefined
  for (const [position, { consumer, deadlineMs }] of state.inFlight) {
    if (deadlineMs <= now) continue
    agents.add(consumer)
    oldest = Math.min(oldest ?? position, position)
  }
  const deadline = oldest === undefined ? undefined : state.inFlight.get(oldest)?.deadlineMs
  return {
    floor,
    position: Math.max(window.read, floor),
    head,
    lag: Math.max(0, head - floor),
    inFlight: flying,
    retrying: state.inFlight.size - flying + state.retrying.size,
    parked: state.parked.size,
    oldestInFlight: outOf(oldest, deadline),
    nextDue: due === undefined ? null : timeOf(due),
    stalled: handOut.ownerIsRevoked ? REVOKED : (damageOf(handOut) ?? stallReason(state, window, now) ?? null),
    consumers: agents.size,
  }
}

/** Of a group, for a caller whose scope does not cover all that it reads. */
export interface PartialView {
  readonly scope: readonly string[]
  readonly definition: Definition
}

/**
 * For a scope that does not cover all that the group reads: counted as if there were nothing else. The floor lies just
 * before the first event in the scope that is still to be settled. Without one it is the head, which is no secret.
 */
export async function partOfProgress(
  ledger: GroupJournal,
  handOut: Dispatcher,
  view: PartialView,
): Promise<GroupStatus> {
  const { state, window, now, world } = ledger
  const turn = new Turn()
  const head = world.store.head()
  const agents = new Set(handOut.waiting)
  const seen = { inFlight: 0, retrying: 0, parked: 0 }
  const found = { first: Number.POSITIVE_INFINITY, oldest: Number.POSITIVE_INFINITY, due: Number.POSITIVE_INFINITY }
  let deadline: number | undefined
  const isSeen = async (stream: string) => {
    if (turn.isOver) await turn.next()
    return covers(view.scope, stream)
  }
  for (const [position, { stream, consumer, deadlineMs }] of state.inFlight) {
    if (!(await isSeen(stream))) continue
    found.first = Math.min(found.first, position)
    if (deadlineMs <= now) {
      seen.retrying++
      continue
    }
    seen.inFlight++
    agents.add(consumer)
    found.due = Math.min(found.due, deadlineMs)
    if (position < found.oldest) deadline = deadlineMs
    found.oldest = Math.min(found.oldest, position)
  }
  for (const [position, { stream, notBeforeMs }] of state.retrying) {
    if (!(await isSeen(stream))) continue
    seen.retrying++
    found.first = Math.min(found.first, position)
    if (notBeforeMs > now) found.due = Math.min(found.due, notBeforeMs)
  }
  for (const { stream } of state.parked.values()) if (await isSeen(stream)) seen.parked++
  const first = Math.min(found.first, await firstReady(ledger, view))
  const floor = first === Number.POSITIVE_INFINITY ? head : Math.min(head, first - 1)
  const code = handOut.ownerIsRevoked ? 'OWNER_REVOKED' : stallReason(state, window, now)?.code
  return {
    floor,
    position: floor,
    head,
    lag: head - floor,
    ...seen,
    oldestInFlight: outOf(found.oldest, deadline),
    nextDue: found.due === Number.POSITIVE_INFINITY ? null : timeOf(found.due),
    stalled: damageOf(handOut) ?? (code === undefined ? null : { code, detail: STANDS_STILL[code] }),
    consumers: agents.size,
  }
}

/** The position of the first event in the scope that was never handed out; infinity when there is none. */
async function firstReady({ window, world }: GroupJournal, { scope, definition }: PartialView): Promise<Position> {
  for (const position of (await window.sight(scope, groupScopeKeyOf(scope))).visible.keys()) return position
  const { filter, within = [] } = definition
  const beyond = { filter: { ...filter, within: scope }, after: window.read, limit: LOOK, onDamaged: () => undefined }
  let looked = 0
  for await (const { position, stream } of world.store.read(beyond)) {
    // Events that the owner cannot read are not the group's. Stopping at one reveals nothing: the caller may read it.
    if (within.every(list => covers(list, stream)) || ++looked === LOOK) return position
  }
  return Number.POSITIVE_INFINITY
}

/** The most events that are read to find one. */
const LOOK = 500

const REVOKED = {
  code: 'OWNER_REVOKED',
  detail:
    'The tokens of the agent that owns it are revoked: it goes on when that is lifted, or under an owner of its own.',
}
const STANDS_STILL: Readonly<Record<StallCode, string>> = {
  DATA_CORRUPT: ERRORS.DATA_CORRUPT.remedy,
  OWNER_REVOKED: REVOKED.detail,
  PARKED_FULL: 'So many events are parked that there is no room for more: its owner can replay or discard them.',
  FLOOR_HELD: 'So many events beyond one that is not settled have been read that there is no room for more.',
}

function damageOf({ damage }: Dispatcher): GroupStatus['stalled'] {
  if (damage === undefined) return null
  return { code: 'DATA_CORRUPT', detail: `${damage.message}. ${ERRORS.DATA_CORRUPT.remedy}` }
}

function outOf(position: Position | undefined, deadline: number | undefined): GroupStatus['oldestInFlight'] {
  return position === undefined || deadline === undefined ? null : { position, deadline: timeOf(deadline) }
}

/** RFC 3339. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
