// Keeps folds, and makes, shows, verifies, protects and removes their snapshots, one change after the other.
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import type { EventStore } from '../contract/event-store.js'
import type { SideStore } from '../contract/side-store.js'
import type { Folded } from '../folding/fold.js'
import type { AskedFold, FoldCatalog } from '../folding/fold-catalog.service.js'
import { type NamedFold, splitFoldText } from '../folding/fold-descriptor.js'
import type { Replays } from '../folding/replays.service.js'
import { SerialQueue } from '../service-streams/serial-queue.js'
import { shuttingDown } from '../streaming/draining.service.js'
import { LogLineage } from './log-lineage.js'
import { BY_PROJECTIONS, FOLDS_MAX, type KeptFold, Registry } from './registry.js'
import { staying } from './retention.js'
import { foldedOf, SnapshotBuilder, type VerifiedSnapshot } from './snapshot-builder.js'
import type { Reason } from './snapshot-file.js'
import { isOfFold } from './snapshot-names.js'
import { VOLUME_SHARE_FREE, VOLUME_SHARE_MAX } from './snapshot-rules.js'
import { type KeptSnapshot, type SnapshotEntry, SnapshotStore } from './snapshot-store.js'

/** The counters that the metrics report. */
interface SnapshotCounts {
  made: Record<string, number>
  used: number
  quarantined: number
  wrong: number
}

export interface SnapshotRequest {
  readonly fold: AskedFold
  readonly name: string | null
}

export interface Kept {
  readonly fold: KeptFold
  /** The snapshot made at once; null when there was nothing to make one of. */
  readonly snapshot: SnapshotEntry | null
}

@Injectable()
export class Snapshots implements OnModuleInit, OnModuleDestroy {
  readonly counts: SnapshotCounts = { made: {}, used: 0, quarantined: 0, wrong: 0 }
  readonly registry: Registry
  readonly shelf: SnapshotStore
  private readonly store: EventStore
  private readonly maker: SnapshotBuilder
  /** Ids of quarantined snapshots, which make the next one of their fold due at once; cleared when it has been made. */
  private readonly lost = new Set<string>()
  private readonly logger = new Logger('snapshots')
  private readonly ending = new AbortController()
  private readonly turns = new SerialQueue()

  private isOpen: () => void = () => undefined
  private readonly opened = new Promise<void>(resolve => {
    this.isOpen = resolve
  })

  constructor(
    private readonly files: SideStore,
    private readonly folds: FoldCatalog,
    replays: Replays,
    private readonly nowMs: () => number,
  ) {
    const { store } = replays
    const history = new LogLineage(store)
    this.store = store
    this.registry = new Registry(files)
    this.shelf = new SnapshotStore(files, history, (id, reason) => this.quarantined(id, reason))
    this.maker = new SnapshotBuilder({ store, replays, shelf: this.shelf, history, nowMs })
    // A replay that comes while the server starts waits until the snapshots are open.
    replays.kept.keep((folds, end) => this.opened.then(() => this.newestState(folds, end)))
  }

  private quarantined(id: string, reason: string): void {
    this.counts.quarantined++
    this.lost.add(id)
    this.logger.warn({ snapshot: id, reason, message: 'a snapshot is moved to quarantine' })
  }

  /** A failure is only logged, because without snapshots every state can still be folded from the beginning. */
  async onModuleInit(): Promise<void> {
    const { files, shelf, store } = this
    try {
      await files.open()
      await shelf.open(store.head())
      const whole = await this.registry.open(() => this.foldsAtHand())
      if (!whole) this.logger.error('what is kept as snapshots was damaged: it is gathered from those at hand')
    } catch (error) {
      this.logger.error({ error, message: 'snapshots cannot be used' })
    }
    this.isOpen()
  }

  private async newestState(folds: readonly string[], end: Position): Promise<Folded | undefined> {
    const kept = await this.shelf.newest(folds, end)
    if (kept !== undefined) this.counts.used++
    return kept && foldedOf(kept)
  }

  async onModuleDestroy(): Promise<void> {
    this.ending.abort(shuttingDown())
    await this.turns.settled()
  }

  /** The events that a protected snapshot was made of, up to its position, can be folded again. */
  get protectedUpTo(): Position {
    const kept = this.all.filter(({ id }) => this.registry.isProtected(id))
    return kept.reduce((furthest, { header }) => Math.max(furthest, header.position), 0)
  }

  get all(): SnapshotEntry[] {
    return this.shelf.list()
  }

  newestOf(fold: string): SnapshotEntry | undefined {
    return this.shelf.list(fold)[0]
  }

  one(id: string): SnapshotEntry {
    const found = this.shelf.find(id)
    if (found === undefined) throw new StoreError('NOT_FOUND', 'There is no such snapshot.')
    return found
  }

  /** The newest snapshot of a fold, whichever upcasters were in force when it was made. */
  newestAsked(asked: string): SnapshotEntry | undefined {
    return this.all.find(one => one.asked === asked)
  }

  hasLost(fold: string): boolean {
    return [...this.lost].some(id => isOfFold(id, fold))
  }

  inForce(text: string): Promise<NamedFold | undefined> {
    return this.folds.inForce(text)
  }

  mayRead({ header }: SnapshotEntry, access: Access): boolean {
    return this.folds.mayRead(header.fold, access)
  }

  /** Keeps a fold from now on and makes a snapshot of it at once. */
  async keep({ fold: asked, name }: SnapshotRequest, access: Access): Promise<Kept> {
    const fold = await this.folds.asked(asked, access)
    const kept = this.keptFold(fold.asked, name, access.agentId)
    return this.turn(async () => {
      this.registry.assertKeepable(kept)
      // Whoever is refused has nothing kept.
      const snapshot = await this.made(fold, 'demand')
      await this.registry.keep(kept)
      return { fold: this.registry.find(kept.id) as KeptFold, snapshot: snapshot ?? null }
    })
  }

  /** Keeps the folds of the projections in force, up to `FOLDS_MAX`, and releases those that no longer are. */
  async adoptProjections(): Promise<void> {
    const folds = await this.folds.ofProjections()
    const wanted = new Map(folds.map(({ asked }) => [asked.id, asked]))
    const adopted = this.registry.all.filter(({ keptBy }) => keptBy === BY_PROJECTIONS)
    for (const { id } of adopted) if (!wanted.has(id)) await this.unregister(id)
    const left = new Set(adopted.map(({ id }) => id))
    for (const [id, asked] of wanted) {
      if (left.size >= FOLDS_MAX) return
      left.add(id)
      const kept = this.keptFold(asked, null, BY_PROJECTIONS)
      const keptBy = this.registry.find(id)?.keptBy
      // Of those that were gathered again nobody knows who asked for them, but for these.
      if (keptBy === undefined || keptBy === SERVICE_AGENT) await this.turn(() => this.registry.keep(kept))
    }
  }

  /** Removes its snapshots as well, except protected ones and their bases. Throws NOT_FOUND when it is not kept. */
  unregister(foldId: string): Promise<void> {
    return this.turn(async () => {
      const { shelf } = this
      if (this.registry.find(foldId) === undefined) throw new StoreError('NOT_FOUND', 'No such fold is kept.')
      await this.registry.unregister(foldId)
      for (const one of shelf.list()) {
        if (one.asked === foldId && this.protectedOn(one.id) === undefined) await shelf.remove(one.id)
      }
    })
  }

  make(fold: NamedFold, reason: Reason): Promise<SnapshotEntry | undefined> {
    return this.turn(() => this.made(fold, reason))
  }

  /** Throws NOT_FOUND for a token that may not read all that can be in the state, as if there were none. */
  async state(id: string, access: Access): Promise<KeptSnapshot> {
    const kept = this.mayRead(this.one(id), access) ? await this.shelf.readAny(id) : undefined
    if (kept !== undefined) return kept
    throw new StoreError('NOT_FOUND', 'There is no such snapshot, or the token may not read it.')
  }

  verify(id: string): Promise<VerifiedSnapshot> {
    return this.turn(async () => {
      const fold = await this.folds.same(this.one(id).header.fold)
      if (fold === undefined) throw new StoreError('NOT_FOUND', 'This server does not make such states any more.')
      const found = await this.maker.verify(id, fold, this.ending.signal)
      await this.registry.verified(fold.asked.id, this.nowMs())
      if (found.verdict !== 'wrong') return found
      this.counts.wrong += found.wrong.length
      this.logger.error({ wrong: found.wrong, message: 'snapshots are not what the log says, and are made again' })
      return found
    })
  }

  setProtected(id: string, wanted: boolean): Promise<SnapshotEntry> {
    return this.turn(async () => {
      const found = this.one(id)
      await (wanted ? this.registry.protect(id) : this.registry.unprotect(id))
      return found
    })
  }

  /** Removes its dependents too and answers all ids. Throws SNAPSHOT_CONFLICT when one of them is protected. */
  remove(id: string): Promise<string[]> {
    return this.turn(async () => {
      const { shelf } = this
      this.one(id)
      const held = this.protectedOn(id)
      if (held !== undefined) throw new StoreError('SNAPSHOT_CONFLICT', `The snapshot ${held} is protected.`)
      const ids = [...shelf.dependents(id).map(above => above.id), id]
      for (const one of ids) await shelf.remove(one)
      return ids
    })
  }

  /** Removes the snapshots that need not stay any longer. */
  retain(): Promise<void> {
    return this.turn(async () => {
      const { shelf, nowMs } = this
      const inForce = await this.idsInForce()
      for (const fold of new Set(shelf.list().map(one => one.fold))) {
        const snapshots = shelf.list(fold)
        const isKept = inForce.has(fold)
        const stay = staying(snapshots, { isKept, isProtected: id => this.registry.isProtected(id) }, nowMs())
        for (const { id } of snapshots) if (!stay.has(id)) await shelf.remove(id)
      }
    })
  }

  private async made(fold: NamedFold, reason: Reason): Promise<SnapshotEntry | undefined> {
    const { counts, lost } = this
    await this.mustHaveRoom()
    const before = this.newestOf(fold.id)
    const made = await this.maker.make(fold, reason, this.ending.signal)
    if (made === undefined) return undefined
    // When the head has not moved, it is the snapshot there was, and none has been made.
    if (made !== before) counts.made[reason] = (counts.made[reason] ?? 0) + 1
    for (const id of lost) if (isOfFold(id, fold.id)) lost.delete(id)
    return made
  }

  private async mustHaveRoom(): Promise<void> {
    const { shelf, files } = this
    const { totalBytes, freeBytes } = await files.room()
    if (freeBytes >= VOLUME_SHARE_FREE * totalBytes && shelf.bytes <= VOLUME_SHARE_MAX * totalBytes) return
    throw new StoreError('DISK_FULL', 'Snapshots take a tenth of the volume at most, and leave a tenth of it free.')
  }

  /** The protected snapshot, itself or a dependent, that keeps it from being removed. */
  private protectedOn(id: string): string | undefined {
    const ids = [id, ...this.shelf.dependents(id).map(above => above.id)]
    return ids.find(one => this.registry.isProtected(one))
  }

  private async idsInForce(): Promise<Set<string>> {
    const folds = await Promise.all(this.registry.all.map(({ text }) => this.inForce(text)))
    return new Set(folds.map(fold => fold?.id ?? ''))
  }

  private keptFold({ id, text }: NamedFold['asked'], name: string | null, keptBy: string): KeptFold {
    const sinceMs = this.nowMs()
    return { id, text, name, keptBy, sinceMs, verifiedMs: sinceMs }
  }

  private foldsAtHand(): KeptFold[] {
    const found = new Map(this.all.map(({ asked, header }) => [asked, splitFoldText(header.fold).asked]))
    return [...found].map(([id, text]) => this.keptFold({ id, text }, null, SERVICE_AGENT))
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    return this.turns.run(() => {
      this.ending.signal.throwIfAborted()
      return work()
    })
  }
}
