// What lies above a group's floor, as far as it has been read: the positions that match, and which of them are still to be handed out.
import type { Position, RecordedEvent } from '../../contract/event.js'
import type { Ordering } from './definition.js'
import { SUBSCRIPTIONS_STREAM } from './group-events.js'
import { GROUP_LIMITS } from './group-limits.js'
import type { GroupState } from './group-state.js'
import { KeyQueues } from './key-queues.js'

export interface Ready {
  readonly position: Position
  readonly stream: string
  readonly correlation: string | undefined
  /** Kept from the reading when there is room; else it is read once more. */
  readonly event: RecordedEvent | undefined
}

/** What the events kept from the reading may weigh together. */
const KEPT_BYTES = 8 * 1024 * 1024
const ENVELOPE_BYTES = 512

export class Window {
  /** Every event that matches and lies above the floor, up to here, is known. */
  read: Position
  /** Never handed out, in order. */
  private ready: Ready[] = []
  /** The same by their keys, as soon as there is an order to keep: of each key only the first may go. */
  private queues: KeyQueues | undefined
  /** Matching positions, in order; those from `first` on lie above the floor. */
  private positions: Position[] = []
  private first = 0
  private keptBytes = 0

  constructor(floor: Position) {
    this.read = floor
  }

  /** How many more may be known. */
  get room(): number {
    return GROUP_LIMITS.aboveFloor - (this.positions.length - this.first)
  }

  /** The oldest that is not settled and keeps the floor down. */
  get oldest(): Position | undefined {
    return this.positions[this.first]
  }

  /** Events that follow what was read before, and how far that reading has got. */
  add(events: readonly RecordedEvent[], read: Position, state: GroupState): void {
    for (const event of events) {
      const { position, stream, correlationId: correlation } = event
      // The books of the groups are not handed out: settling them would write more of them.
      if (stream === SUBSCRIPTIONS_STREAM || position <= this.read) continue
      this.positions.push(position)
      if (!isNew(state, position)) continue
      const one = { position, stream, correlation, event: this.kept(event) }
      this.ready.push(one)
      this.queues?.add(one)
    }
    this.read = Math.max(this.read, read)
  }

  /** Among what was never handed out, those that stand behind none of their key, in order. */
  candidates(ordering: Ordering): readonly Ready[] {
    if (ordering === 'none') return this.ready
    if (this.queues?.ordering !== ordering) {
      this.queues = new KeyQueues(ordering)
      for (const one of this.ready) this.queues.add(one)
    }
    return this.queues.heads()
  }

  private kept(event: RecordedEvent): RecordedEvent | undefined {
    const bytes = weightOf(event)
    if (this.keptBytes + bytes > KEPT_BYTES) return undefined
    this.keptBytes += bytes
    return event
  }

  /** They have been handed out. */
  remove(taken: ReadonlySet<Position>): void {
    const left: Ready[] = []
    for (const one of this.ready) {
      if (!taken.has(one.position)) left.push(one)
      else if (one.event !== undefined) this.keptBytes -= weightOf(one.event)
    }
    this.ready = left
    this.queues?.remove(taken)
  }

  /** Where the floor will be when these are settled, too. */
  floorWith(state: GroupState, resolving: ReadonlySet<Position> = NONE): Position {
    let floor = state.floor
    for (let at = this.first; at < this.positions.length; at++) {
      const position = this.positions[at] as Position
      if (position > state.floor && !resolving.has(position) && !isResolved(state, position)) return position - 1
      floor = Math.max(floor, position)
    }
    return Math.max(floor, this.read)
  }

  /** After the floor has been raised. */
  trim({ floor }: GroupState): void {
    while (this.first < this.positions.length && (this.positions[this.first] as Position) <= floor) this.first++
    if (this.first < GROUP_LIMITS.aboveFloor) return
    this.positions = this.positions.slice(this.first)
    this.first = 0
  }
}

const NONE: ReadonlySet<Position> = new Set()

export function weightOf(event: RecordedEvent): number {
  return ENVELOPE_BYTES + event.packedData().length + (event.packedMetadata()?.length ?? 0)
}

function isNew({ floor, settled, out, returned, parked }: GroupState, position: Position): boolean {
  if (position <= floor) return false
  return !(settled.has(position) || out.has(position) || returned.has(position) || parked.has(position))
}

/** Parked is out of the way: it keeps nobody waiting. */
function isResolved({ settled, parked }: GroupState, position: Position): boolean {
  return settled.has(position) || parked.has(position)
}
