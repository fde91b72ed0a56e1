// What has been read above a group's floor: the positions that match, and which of them are still to be handed out.
import { envelopeBytes } from '../../contract/envelope-bytes.js'
import type { Position, RecordedEvent } from '../../contract/event.js'
import { Sight } from '../sight.js'
import type { Holder, WindowMemory } from '../window-memory.js'
import type { Ordering } from './group-definition.js'
import { SUBSCRIPTIONS_STREAM } from './group-events.js'
import { GROUP_LIMITS } from './group-limits.js'
import type { GroupState } from './group-state.js'
import { KeyQueues, type Ready } from './key-queues.js'

/** How many sights are kept, because each holds its own map of what its scope may see. */
const SIGHTS = 8

export class Window implements Holder {
  /** Every matching event above the floor and up to here is known. */
  read: Position
  keptBytes = 0
  inUse = false
  /** Events that were never handed out, in order of position. */
  private readonly ready = new Map<Position, Ready>()
  /** The same events by key; only while the group has an ordering, where the first of each key goes first. */
  private queues: KeyQueues | undefined
  /** By the keys of their scopes, in the order of their last use. */
  private readonly sights = new Map<string, Sight>()
  /** Matching positions in order. Those from the index `first` on lie above the floor. */
  private known: Position[] = []
  private first = 0

  /** `letGo` is called when the memory is needed: the owner must begin a new window at the floor. */
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

  /** How many more positions may be known. */
  get room(): number {
    return GROUP_LIMITS.aboveFloor - this.positions
  }

  /** The first matching position above the floor, which keeps the floor from rising. */
  get oldest(): Position | undefined {
    return this.known[this.first]
  }

  /** `events` must follow what was read before; `read` is how far their reading has got. */
  add(events: readonly RecordedEvent[], read: Position, state: GroupState): void {
    for (const event of events) {
      const { position, stream, correlationId: correlation } = event
      // State events of groups are not handed out: settling them would write more of them without end.
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

  /** Events that were never handed out, in order of position; with an ordering only the first of each key. */
  candidates(ordering: Ordering, sight?: Sight): Iterable<Ready> {
    if (ordering === 'none') {
      this.queues = undefined
      return (sight?.visible ?? this.ready).values()
    }
    if (this.queues?.ordering !== ordering) {
      this.queues = new KeyQueues(ordering)
      for (const one of this.ready.values()) this.queues.add(one)
    }
    // Heads that may not be seen are included, because later events of their keys wait for them all the same.
    return this.queues.heads
  }

  /** Resolves when the sight is complete. The same key must always come with the same scope. */
  async sight(scope: readonly string[], key: string): Promise<Sight> {
    const sight = this.sights.get(key) ?? new Sight(scope)
    this.sights.delete(key)
    this.sights.set(key, sight)
    if (this.sights.size > SIGHTS) this.sights.delete(this.sights.keys().next().value as string)
    await sight.lookThrough(this.ready)
    return sight
  }

  /** Undefined unless the sight is complete already. */
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

  /** For events that were handed out, or that retention has removed. */
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

  /** Where the floor will be once `resolving` is settled, too. */
  floorWith(state: GroupState, resolving: ReadonlySet<Position> = NONE): Position {
    let floor = state.floor
    for (let at = this.first; at < this.known.length; at++) {
      const position = this.known[at] as Position
      if (position > state.floor && !resolving.has(position) && !isResolved(state, position)) return position - 1
      floor = Math.max(floor, position)
    }
    return Math.max(floor, this.read)
  }

  /** To be called after the floor has been raised. */
  trim({ floor }: GroupState): void {
    const before = this.first
    while (this.first < this.known.length && (this.known[this.first] as Position) <= floor) this.first++
    if (this.first > before) this.memory.count(this, before - this.first)
    if (this.first < GROUP_LIMITS.aboveFloor) return
    this.known = this.known.slice(this.first)
    this.first = 0
  }

  /** Gives back its memory; the window must not be used after this. */
  close(): void {
    this.memory.remove(this)
  }
}

const NONE: ReadonlySet<Position> = new Set()

export function weightOf(event: RecordedEvent): number {
  return envelopeBytes(event, event) + event.packedBytes()
}

function isNew({ floor, settled, inFlight: out, retrying: returned, parked }: GroupState, position: Position): boolean {
  if (position <= floor) return false
  return !(settled.has(position) || out.has(position) || returned.has(position) || parked.has(position))
}

/** A parked event does not keep the floor from rising. */
function isResolved({ settled, parked }: GroupState, position: Position): boolean {
  return settled.has(position) || parked.has(position)
}
