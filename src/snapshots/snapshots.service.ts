// What can be asked of snapshots: to keep a fold, to make, show, verify, protect and remove; one change after the other.
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import type { KeptStates } from '../replay/kept-states.service.js'
import type { NamedFold, Replays } from '../replay/replays.service.js'
import type { SideFiles } from '../storage/side-files.js'
import { foldedOf, type Ground, Maker, type Verified } from './maker.js'
import { type KeptFold, Registry } from './registry.js'
import { staying } from './retention.js'
import type { KeptSnapshot, Shelved } from './shelf.js'
import type { Reason } from './snapshot-file.js'
import { VOLUME_SHARE_FREE, VOLUME_SHARE_MAX } from './snapshot-rules.js'

export interface SnapshotParts extends Ground {
  readonly files: SideFiles
  readonly keptStates: KeptStates
  readonly counts: SnapshotCounts
}

/** What the metrics tell. */
export interface SnapshotCounts {
  made: Record<string, number>
  used: number
  quarantined: number
  wrong: number
}

export interface Asked {
  readonly fold: Parameters<Replays['foldOf']>[0]
  readonly name: string | null
}

@Injectable()
export class Snapshots implements OnModuleInit, OnModuleDestroy {
  readonly registry: Registry
  private readonly maker: Maker
  private readonly logger = new Logger('snapshots')
  private readonly ending = new AbortController()
  private turns: Promise<unknown> = Promise.resolve()

  constructor(readonly parts: SnapshotParts) {
    this.registry = new Registry(parts.files)
    this.maker = new Maker(parts)
  }

  /** Without its directory the server folds everything from the beginning, and says so. */
  async onModuleInit(): Promise<void> {
    const { files, shelf, store, keptStates, counts } = this.parts
    try {
      await files.open()
      await shelf.open(store.head())
      const whole = await this.registry.open(() => this.foldsAtHand())
      if (!whole) this.logger.error('what is kept as snapshots was damaged: it is gathered from those at hand')
    } catch (error) {
      this.logger.error({ error, message: 'snapshots cannot be used' })
    }
    keptStates.keep(async (folds, end) => {
      const kept = await shelf.newest(folds, end)
      if (kept !== undefined) counts.used++
      return kept && foldedOf(kept)
    })
  }

  async onModuleDestroy(): Promise<void> {
    this.ending.abort(new StoreError('CLOSED', 'the server is ending'))
    await this.turns
  }

  get all(): Shelved[] {
    return this.parts.shelf.list()
  }

  newestOf(fold: string): Shelved | undefined {
    return this.parts.shelf.list(fold)[0]
  }

  one(id: string): Shelved {
    const found = this.parts.shelf.find(id)
    if (found === undefined) throw new StoreError('NOT_FOUND', 'There is no such snapshot.')
    return found
  }

  foldOf(text: string): NamedFold | undefined {
    return this.parts.replays.foldOfText(text)
  }

  /** Kept from now on, with a snapshot of this moment; null when there is nothing to make one of. */
  keep(asked: Asked, access: Access): Promise<{ readonly fold: KeptFold; readonly snapshot: Shelved | null }> {
    const { replays, nowMs } = this.parts
    const fold = replays.foldOf(asked.fold, access)
    const sinceMs = nowMs()
    const kept = {
      id: fold.id,
      text: fold.text,
      name: asked.name,
      keptBy: access.agentId,
      sinceMs,
      verifiedMs: sinceMs,
    }
    return this.turn(async () => {
      await this.registry.keep(kept)
      const snapshot = await this.made(fold, 'demand')
      return { fold: this.registry.find(fold.id) as KeptFold, snapshot: snapshot ?? null }
    })
  }

  /** Its snapshots go with it, but for those that are protected and what they stand on. */
  letGo(foldId: string): Promise<void> {
    return this.turn(async () => {
      const { shelf } = this.parts
      if (this.registry.find(foldId) === undefined) throw new StoreError('NOT_FOUND', 'No such fold is kept.')
      await this.registry.letGo(foldId)
      for (const { id } of shelf.list(foldId)) if (this.protectedOn(id) === undefined) await shelf.remove(id)
    })
  }

  make(fold: NamedFold, reason: Reason): Promise<Shelved | undefined> {
    return this.turn(() => this.made(fold, reason))
  }

  /** For whoever may read all that can be in it; for any other there is none. */
  async state(id: string, access: Access): Promise<KeptSnapshot> {
    const fold = this.foldOf(this.one(id).header.fold)
    const kept = fold && this.parts.replays.mayRead(fold, access) ? await this.parts.shelf.whole(id) : undefined
    if (kept === undefined)
      throw new StoreError('NOT_FOUND', 'There is no such snapshot, or the token may not read it.')
    return kept
  }

  verify(id: string): Promise<Verified> {
    return this.turn(async () => {
      const shelved = this.one(id)
      const fold = this.foldOf(shelved.header.fold)
      if (fold === undefined) throw new StoreError('NOT_FOUND', 'This server does not make such states any more.')
      const found = await this.maker.verify(id, fold, this.ending.signal)
      await this.registry.verified(fold.id, this.parts.nowMs())
      if (found.verdict !== 'wrong') return found
      this.parts.counts.wrong += found.wrong.length
      this.logger.error({ wrong: found.wrong, message: 'snapshots are not what the log says, and are made again' })
      return found
    })
  }

  setProtected(id: string, wanted: boolean): Promise<Shelved> {
    return this.turn(async () => {
      const found = this.one(id)
      await (wanted ? this.registry.protect(id) : this.registry.unprotect(id))
      return found
    })
  }

  /** With those that are differences to it. */
  remove(id: string): Promise<string[]> {
    return this.turn(async () => {
      const { shelf } = this.parts
      this.one(id)
      const held = this.protectedOn(id)
      if (held !== undefined) throw new StoreError('SNAPSHOT_CONFLICT', `The snapshot ${held} is protected.`)
      const ids = [...shelf.above(id).map(above => above.id), id]
      for (const one of ids) await shelf.remove(one)
      return ids
    })
  }

  /** Removes what has had its time. */
  retain(): Promise<void> {
    return this.turn(async () => {
      const { shelf, nowMs } = this.parts
      for (const fold of new Set(shelf.list().map(one => one.fold))) {
        const snapshots = shelf.list(fold)
        const stay = staying(snapshots, id => this.registry.isProtected(id), nowMs())
        for (const { id } of snapshots) if (!stay.has(id)) await shelf.remove(id)
      }
    })
  }

  private async made(fold: NamedFold, reason: Reason): Promise<Shelved | undefined> {
    const { counts } = this.parts
    await this.mustHaveRoom()
    const made = await this.maker.make(fold, reason, this.ending.signal)
    if (made !== undefined) counts.made[reason] = (counts.made[reason] ?? 0) + 1
    return made
  }

  private async mustHaveRoom(): Promise<void> {
    const { shelf, files } = this.parts
    const { totalBytes, freeBytes } = await files.room()
    if (freeBytes >= VOLUME_SHARE_FREE * totalBytes && shelf.bytes <= VOLUME_SHARE_MAX * totalBytes) return
    throw new StoreError('DISK_FULL', 'Snapshots take a tenth of the volume at most, and leave a tenth of it free.')
  }

  /** The snapshot that keeps it from being removed. */
  private protectedOn(id: string): string | undefined {
    const ids = [id, ...this.parts.shelf.above(id).map(above => above.id)]
    return ids.find(one => this.registry.isProtected(one))
  }

  private foldsAtHand(): KeptFold[] {
    const found = new Map(this.all.map(({ fold, header }) => [fold, header.fold]))
    const sinceMs = this.parts.nowMs()
    return [...found].map(([id, text]) => ({ id, text, name: null, keptBy: '$service', sinceMs, verifiedMs: sinceMs }))
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.turns.then(() => {
      this.ending.signal.throwIfAborted()
      return work()
    })
    this.turns = turn.catch(() => undefined)
    return turn
  }
}
