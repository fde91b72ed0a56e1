// Makes snapshots of a fold, and verifies them by folding the log anew and comparing bytes.
import type { Position } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import type { Folded } from '../folding/fold.js'
import type { NamedFold } from '../folding/fold-descriptor.js'
import type { Replays } from '../folding/replays.service.js'
import type { LogLineage } from './log-lineage.js'
import { encodeSnapshot, type Reason, type SnapshotHeader, snapshotHash } from './snapshot-file.js'
import { type KeptSnapshot, LINKS_MAX, type SnapshotEntry, type SnapshotStore } from './snapshot-store.js'
import { packState } from './state-codec.js'
import { stateText } from './state-text.js'

export interface BuilderDeps {
  readonly store: EventStore
  readonly replays: Replays
  readonly shelf: SnapshotStore
  readonly history: LogLineage
  readonly nowMs: () => number
}

/**
 * `damaged`: it could not be used at all, and the next one is made without it.
 * `outdated`: the log begins elsewhere now or does not reach so far, so it cannot make the state again.
 */
export type Verdict = 'sound' | 'wrong' | 'damaged' | 'outdated'

export interface VerifiedSnapshot {
  readonly verdict: Verdict
  /** The ids of those that were moved to quarantine. */
  readonly wrong: readonly string[]
  /** The snapshot that was made in its place. */
  readonly made: SnapshotEntry | undefined
}

const OUTDATED: VerifiedSnapshot = { verdict: 'outdated', wrong: [], made: undefined }

interface Making {
  readonly reason: Reason
  /** The snapshot from which the fold went on. */
  readonly base: KeptSnapshot | undefined
  /** Where the log began before the fold; if that has changed since, the state is not what the log says now. */
  readonly first: Position
}

export class SnapshotBuilder {
  constructor(private readonly ground: BuilderDeps) {}

  /** Makes one at the head; undefined when there is no event, or when retention moved the log's start meanwhile. */
  async make(fold: NamedFold, reason: Reason, signal: AbortSignal): Promise<SnapshotEntry | undefined> {
    const { store, replays, shelf } = this.ground
    const end = store.head()
    if (end === 0) return undefined
    const base = await shelf.newest([fold.id], end)
    if (base?.header.position === end) return shelf.find(base.id)
    const { first } = store.status()
    const folded = await replays.fold(fold, { from: base && foldedOf(base), end, signal })
    return this.put(fold, folded, { reason, base, first })
  }

  /** Throws when the log cannot be read, because there is no verdict then. */
  async verify(id: string, fold: NamedFold, signal: AbortSignal): Promise<VerifiedSnapshot> {
    const { replays, shelf, history } = this.ground
    const kept = await shelf.readAny(id)
    if (kept === undefined) {
      return { verdict: 'damaged', wrong: [id], made: await this.make(fold, 'verify', signal) }
    }
    const { position, mark } = kept.header
    if ((await history.fit(kept.header)) !== 'same') return OUTDATED
    const folded = await replays.fold(fold, { end: position, signal })
    // Retention may have removed events during the fold, and a sound snapshot would then seem wrong.
    if ((await history.fit(kept.header)) !== 'same') return OUTDATED
    if (agrees(kept, folded)) return { verdict: 'sound', wrong: [], made: undefined }
    const wrong = await this.setAside(id, fold, signal)
    const made = await this.put(fold, folded, { reason: 'verify', base: undefined, first: mark.first })
    return { verdict: 'wrong', wrong, made }
  }

  /** Later ones may have been made from the wrong one, so all go; an earlier one may have made it wrong. */
  private async setAside(id: string, fold: NamedFold, signal: AbortSignal): Promise<string[]> {
    const { shelf } = this.ground
    const position = shelf.find(id)?.header.position ?? 0
    const all = shelf.list(fold.id)
    const later = all.filter(({ header }) => header.position >= position).map(one => one.id)
    const earlier = all.filter(({ header }) => header.position < position).reverse()
    const wrong = [...later, ...(await this.wrongAmong(earlier, fold, signal))]
    for (const one of wrong)
      if (shelf.find(one) !== undefined) await shelf.quarantine(one, 'it is not what the log says')
    return wrong
  }

  /** Folds on from each to the next, oldest first, so that the log is read only once. */
  private async wrongAmong(
    oldestFirst: readonly SnapshotEntry[],
    fold: NamedFold,
    signal: AbortSignal,
  ): Promise<string[]> {
    const { replays, shelf } = this.ground
    const wrong: string[] = []
    let from: Folded | undefined
    for (const { id, header } of oldestFirst) {
      from = await replays.fold(fold, { from, end: header.position, signal })
      const kept = await shelf.readVerified(id)
      if (kept !== undefined && !agrees(kept, from)) wrong.push(id)
    }
    return wrong
  }

  private async put(
    fold: NamedFold,
    folded: Folded,
    { reason, base, first }: Making,
  ): Promise<SnapshotEntry | undefined> {
    const { store, shelf, history, nowMs } = this.ground
    const text = stateText(folded.state)
    const below = base !== undefined && base.header.links < LINKS_MAX ? base : undefined
    const { content, isDifference } = await packState(text, below?.text)
    const mark = await history.markAt(folded.position)
    if (mark === undefined || mark.first !== first) return undefined
    const header: SnapshotHeader = {
      fold: fold.text,
      position: folded.position,
      events: folded.events,
      mark,
      createdMs: nowMs(),
      reason,
      logBytes: store.status().size?.bytes ?? 0,
      state: { bytes: Buffer.byteLength(text), sha256: snapshotHash(text).toString('hex') },
      base: isDifference && below !== undefined ? { id: below.id, sha256: below.sha256 } : null,
      links: isDifference && below !== undefined ? below.header.links + 1 : 0,
    }
    return shelf.put(header, encodeSnapshot(header, content))
  }
}

export function foldedOf({ header, state }: KeptSnapshot): Folded {
  const { position, events } = header
  return { state, position, events, stateBytes: header.state.bytes }
}

function agrees(kept: KeptSnapshot, folded: Folded): boolean {
  return kept.header.events === folded.events && kept.text === stateText(folded.state)
}
