// What lies above a group's floor, as far as it has been read: the positions that match, and which of them are still to be handed out.
import type { Position, RecordedEvent } from '../../contract/event.js'
import { Sight } from '../sight.js'
import type { Holder, WindowMemory } from '../window-memory.js'
import type { Ordering } from './group-definition.js'
import { SUBSCRIPTIONS_STREAM } from './group-events.js'
import { GROUP_LIMITS } from './group-limits.js'
import type { GroupState } from './group-state.js'
import { KeyQueues, type Ready } from './key-queues.js'

const ENVELOPE_BYTES = 512
/** Different scopes for which it is known what they may see. */
const SIGHTS = 8

export class Window implements Holder {
  /** Every event that matches and lies above the floor, up to here, is known. */
  read: Position
  keptBytes = 0
  inUse = false
  /** Never handed out, in order. */
  private readonly ready = new Map<Position, Ready>()
  /** The same by their keys, as long as there is an order to keep: of each key only the first may go. */
  private queues: KeyQueues | undefined
  /** By the patterns of their scopes; the one used last stands last. */
  private readonly sights = new Map<string, Sight>()
  /** Matching positions, in order; those from `first` on lie above the floor. */
  private known: Position[] = []
  private first = 0

  /** `letGo`: whoever owns it is to begin anew at the floor. */
  constructor(
    floor: Position,
    private readonly memory: WindowMemory,
    readonly letGo: () => void,
  ) {
    this.read = floor
    memory.add(this)
  }

  get positions(): number {
    return this.known.length - this.first
  }

  /** How many more may be known. */
  get room(): number {
    return GROUP_LIMITS.aboveFloor - this.positions
  }

  /** The oldest that is not settled and keeps the floor down. */
  get oldest(): Position | undefined {
    return this.known[this.first]
  }

  /** Events that follow what was read before, and how far that reading has got. */
  add(events: readonly RecordedEvent[], read: Position, state: GroupState): void {
    for (const event of events) {
      const { position, stream, correlationId: correlation } = event
      // The books of the groups are not handed out: settling them would write more of them.
      if (stream === SUBSCRIPTIONS_STREAM || position <= this.read) continue
      this.known.push(position)
      this.memory.count(this, 1)
      if (!isNew(state, position)) continue
      const one = { position, stream, correlation, event: this.kept(event) }
      this.ready.set(position, one)
      this.queues?.add(one)
      for (const sight of this.sights.values()) sight.add(one)
    }
    this.read = Math.max(this.read, read)
  }

  /** Among what was never handed out, those that stand behind none of their key, in order. */
  candidates(ordering: Ordering, sight?: Sight): Iterable<Ready> {
    if (ordering === 'none') {
      this.queues = undefined
      return (sight?.visible ?? this.ready).values()
    }
    if (this.queues?.ordering !== ordering) {
      this.queues = new KeyQueues(ordering)
      for (const one of this.ready.values()) this.queues.add(one)
    }
    // Those that may not be seen are among them: what stands behind them waits for them all the same.
    return this.queues.heads
  }

  /** What a scope may see of it; of one key there is one scope. */
  async sight(scope: readonly string[], key: string): Promise<Sight> {
    const sight = this.sights.get(key) ?? new Sight(scope)
    this.sights.delete(key)
    this.sights.set(key, sight)
    if (this.sights.size > SIGHTS) this.sights.delete(this.sights.keys().next().value as string)
    await sight.lookThrough(this.ready)
    return sight
  }

  /** The same, if it is known already. */
  sightAtHand(key: string): Sight | undefined {
    const sight = this.sights.get(key)
    return sight?.isComplete ? sight : undefined
  }

  private kept(event: RecordedEvent): RecordedEvent | undefined {
    const bytes = weightOf(event)
    if (this.keptBytes + bytes > GROUP_LIMITS.keptBytesOfGroup || !this.memory.keep(this, bytes)) return undefined
    this.keptBytes += bytes
    return event
  }

  dropEvents(): void {
    for (const one of this.ready.values()) one.event = undefined
    this.keptBytes = 0
  }

  /** They have been handed out. */
  remove(taken: ReadonlySet<Position>): void {
    let bytes = 0
    for (const position of taken) {
      const one = this.ready.get(position)
      if (one === undefined) continue
      this.ready.delete(position)
      if (one.event !== undefined) bytes += weightOf(one.event)
      for (const sight of this.sights.values()) sight.remove(position)
    }
    this.keptBytes -= bytes
    this.memory.give(this, bytes)
    this.memory.used(this)
    this.queues?.remove(taken)
  }

  /** Where the floor will be when these are settled, too. */
  floorWith(state: GroupState, resolving: ReadonlySet<Position> = NONE): Position {
    let floor = state.floor
    for (let at = this.first; at < this.known.length; at++) {
      const position = this.known[at] as Position
      if (position > state.floor && !resolving.has(position) && !isResolved(state, position)) return position - 1
      floor = Math.max(floor, position)
    }
    return Math.max(floor, this.read)
  }

  /** After the floor has been raised. */
  trim({ floor }: GroupState): void {
    const before = this.first
    while (this.first < this.known.length && (this.known[this.first] as Position) <= floor) this.first++
    if (this.first > before) this.memory.count(this, before - this.first)
    if (this.first < GROUP_LIMITS.aboveFloor) return
    this.known = this.known.slice(this.first)
    this.first = 0
  }

  /** It is of no more use. */
  close(): void {
    this.memory.remove(this)
  }
}

const NONE: ReadonlySet<Position> = new Set()

export function weightOf(event: RecordedEvent): number {
  return ENVELOPE_BYTES + event.packedBytes()
}

function isNew({ floor, settled, inFlight: out, retrying: returned, parked }: GroupState, position: Position): boolean {
  if (position <= floor) return false
  return !(settled.has(position) || out.has(position) || returned.has(position) || parked.has(position))
}

/** Parked is out of the way: it keeps nobody waiting. */
function isResolved({ settled, parked }: GroupState, position: Position): boolean {
  return settled.has(position) || parked.has(position)
}
