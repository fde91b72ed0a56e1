// What is already assigned, events in flight included; every append is decided against it.

import { formatId } from '../../contract/event-id.js'
import { LIMITS } from '../../contract/limits.js'
import type { SteadyClock } from '../../contract/steady-clock.js'
import { type AssignedView, type Match, UNKNOWN } from '../../record/decide.js'
import type { Keyed, Placement } from '../../record/record.js'
import type { Placed } from './admitted.js'
import { type ConditionSearch, type Patience, SearchAllowance } from './condition-search.js'
import type { Log } from './engine/log.js'
import { lastEventWith, lastOfStream } from './entry-reader.js'
import { KIND, keyTerm } from './terms.js'

const KEY_RETENTION_NS = BigInt(LIMITS.keyRetentionHours) * 3_600_000_000_000n

/** Milliseconds the writer searches for one condition; a longer search runs beside it, so that others need not wait. */
const SEARCH_MS = 1
const STAGED_A_LOOK = 32
const NO_TAGS: readonly string[] = Object.freeze([])

export class WriteView implements AssignedView<ConditionSearch> {
  /** Heads of streams. The one set longest ago is dropped, and found again in the index. */
  private readonly revisions = new Map<string, number>()
  /** Heads that the batch in the making adds. They are kept apart, because none may be dropped before it is settled. */
  private readonly stagedRevisions = new Map<string, number>()
  /** Events of the batch in the making: they have their positions but are not durable yet. */
  private readonly staged: Placed[] = []
  private readonly stagedKeys = new Map<string, Placement>()
  private readonly patience = new SearchAllowance(SEARCH_MS)

  constructor(
    private readonly log: Log,
    private readonly ages: SteadyClock,
    private readonly cachedStreams: number,
  ) {}

  stage(placed: Placed): void {
    const { event, placement } = placed
    this.staged.push(placed)
    this.stagedRevisions.set(event.stream, placement.revision)
    const { keyed, agentId } = placement
    if (keyed === undefined) return
    this.stagedKeys.set(keyTerm(agentId, keyed.key), placement)
    this.ages.stamped(placement.timestampNs)
  }

  /** The batch is durable, so what was staged can be read from now on. */
  settle(): void {
    for (const [stream, revision] of this.stagedRevisions) this.remember(stream, revision)
    this.forget()
  }

  /** The batch is not stored, so its streams are again at the revisions they had before. */
  forget(): void {
    this.staged.length = 0
    this.stagedRevisions.clear()
    this.stagedKeys.clear()
  }

  streamRevision(stream: string): number {
    const known = this.stagedRevisions.get(stream) ?? this.revisions.get(stream)
    if (known !== undefined) return known
    const revision = lastOfStream(this.log, stream)?.revision ?? this.log.floor.carried.get(stream)?.[0] ?? -1
    if (revision >= 0) this.remember(stream, revision)
    return revision
  }

  keyed(agentId: string, key: string): { readonly position: number; readonly keyed: Keyed } | undefined {
    const staged = this.stagedKeys.get(keyTerm(agentId, key))
    if (staged?.keyed !== undefined) return { position: staged.position, keyed: staged.keyed }
    const event = lastEventWith(
      this.log,
      KIND.key,
      keyTerm(agentId, key),
      found => found.keyed?.key === key && found.agentId === agentId,
    )
    if (event?.keyed === undefined || this.ages.now() - event.timestampNs >= KEY_RETENTION_NS) return undefined
    return { position: event.position, keyed: event.keyed }
  }

  firstMatch(search: ConditionSearch): Match | undefined | typeof UNKNOWN {
    const patience = this.patience.begin()
    if (!search.advance(this.log, patience)) return UNKNOWN
    return search.found ?? this.firstStagedMatch(search, patience)
  }

  private firstStagedMatch(search: ConditionSearch, patience: Patience): Match | undefined | typeof UNKNOWN {
    for (let at = 0; at < this.staged.length; at++) {
      if (at % STAGED_A_LOOK === STAGED_A_LOOK - 1 && patience.isOver) return UNKNOWN
      const { event, placement } = this.staged[at] as Placed
      const { position, timestampNs, sequence, nodeId } = placement
      if (position <= search.after || !search.matches({ type: event.type, tags: event.tags ?? NO_TAGS })) continue
      return { id: formatId(timestampNs, sequence, nodeId), position, type: event.type }
    }
    return undefined
  }

  private remember(stream: string, revision: number): void {
    // Deleted first, so that the entry becomes the last of the map, whose first one is dropped.
    this.revisions.delete(stream)
    this.revisions.set(stream, revision)
    if (this.revisions.size <= this.cachedStreams) return
    this.revisions.delete(this.revisions.keys().next().value as string)
  }
}
