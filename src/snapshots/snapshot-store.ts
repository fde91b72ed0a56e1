// Keeps snapshots in files and their headers in memory, and quarantines files that are damaged or of another log.
import { StoreError } from '../contract/errors.js'
import type { JsonValue, Position } from '../contract/event.js'
import type { SideStore } from '../contract/side-store.js'
import { STATE_BYTES_MAX } from '../folding/fold.js'
import { foldId, splitFoldText } from '../folding/fold-descriptor.js'
import type { Fit, LogLineage } from './log-lineage.js'
import {
  BadSnapshot,
  FILE_BYTES_MAX,
  PREFIX_BYTES,
  readHeader,
  readSnapshot,
  SNAPSHOT_HASH_BYTES,
  type SnapshotBytes,
  type SnapshotHeader,
  sizesOf,
  snapshotHash,
  type WholeSnapshot,
} from './snapshot-file.js'
import { fileName, idOfFile, snapshotId } from './snapshot-names.js'
import { applied, unpackState } from './state-codec.js'
import { stateText } from './state-text.js'

export const LINKS_MAX = 10

export interface SnapshotEntry {
  readonly id: string
  /** The id of its fold with the upcasters that made it: only a fold of the same id may go on from it. */
  readonly fold: string
  /** The id that its fold is called by, whichever upcasters there are. */
  readonly asked: string
  /** The mark of the upcasters; null when there were none. */
  readonly upcasting: string | null
  readonly header: SnapshotHeader
  /** The size of its file. */
  readonly bytes: number
}

/** A kept state whose hashes have been checked. It is read anew for each reader, who may change it. */
export interface KeptSnapshot {
  readonly id: string
  readonly header: SnapshotHeader
  /** The hash at the end of its file, by which differences to it name it. */
  readonly sha256: string
  readonly state: JsonValue
  readonly text: string
}

export type Quarantined = (id: string, reason: string) => void

export class SnapshotStore {
  private readonly held = new Map<string, SnapshotEntry>()

  constructor(
    private readonly files: SideStore,
    private readonly history: LogLineage,
    private readonly quarantined: Quarantined,
  ) {}

  /** To be called once the files are open. A snapshot ahead of the log was made of another log and is quarantined. */
  async open(head: Position): Promise<void> {
    for (const name of await this.files.list()) {
      const id = idOfFile(name)
      if (id === undefined) continue
      await this.orAside(async () => {
        const found = await this.lookAt(id)
        if (found === undefined) return
        if (found.header.position > head) throw new BadSnapshot(id, 'it lies ahead of the log')
        this.held.set(id, found)
      })
    }
  }

  /** Newest first; those of one fold, or of all without `fold`. */
  list(fold?: string): SnapshotEntry[] {
    const all = [...this.held.values()].filter(snapshot => fold === undefined || snapshot.fold === fold)
    return all.sort((a, b) => b.header.position - a.header.position || (a.id < b.id ? -1 : 1))
  }

  find(id: string): SnapshotEntry | undefined {
    return this.held.get(id)
  }

  get bytes(): number {
    return this.list().reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** The newest sound one of these folds at or before `end`. A fault only makes it an older one or none. */
  async newest(folds: readonly string[], end: Position): Promise<KeptSnapshot | undefined> {
    for (const { id, fold, header } of this.list()) {
      if (header.position > end || !folds.includes(fold)) continue
      // The log alone tells whether there is such a state: folded from its beginning it may be refused.
      if (header.state.bytes > STATE_BYTES_MAX) continue
      const kept = await this.readVerified(id)
      if (kept !== undefined) return kept
    }
    return undefined
  }

  /** A state that a fold may go on from; undefined when it is missing, bad, outdated, or not certainly of this log. */
  async readVerified(id: string): Promise<KeptSnapshot | undefined> {
    return this.orAside(async () => ((await this.fit(id)) === 'same' ? this.read(id) : undefined))
  }

  /** The state as it was kept, even if the log cannot make it again. Throws when the disk fails, because it exists. */
  async readAny(id: string): Promise<KeptSnapshot | undefined> {
    return this.orAside(async () => ((await this.fit(id)) === undefined ? undefined : this.read(id)), unavailable)
  }

  /** Throws BadSnapshot for one of another log, so that it is quarantined. */
  private async fit(id: string): Promise<Fit | undefined> {
    const shelved = this.held.get(id)
    if (shelved === undefined) return undefined
    const fit = await this.history.fit(shelved.header)
    if (fit === 'other') throw new BadSnapshot(id, 'it was made of another log')
    return fit
  }

  async put(header: SnapshotHeader, { chunks, bytes }: SnapshotBytes): Promise<SnapshotEntry> {
    const shelved = shelvedOf(header, bytes)
    const { id } = shelved
    // They name their base by its hash, so they could not be read any more once it is replaced.
    for (const { id: above } of this.dependents(id)) await this.remove(above)
    await this.files.write(fileName(id), chunks)
    this.held.set(id, shelved)
    return shelved
  }

  async remove(id: string): Promise<void> {
    this.held.delete(id)
    await this.files.remove(fileName(id))
  }

  /** Quarantines all that is built on it first, because that cannot be read without it. */
  async quarantine(id: string, reason: string): Promise<void> {
    for (const above of this.dependents(id)) await this.moveAside(above.id, 'what it is built on cannot be used')
    await this.moveAside(id, reason)
  }

  /** Those that are differences to it, directly or indirectly, newest first. */
  dependents(id: string): SnapshotEntry[] {
    const found = new Set([id])
    const upwards = this.list().reverse()
    for (const { id: next, header } of upwards) if (header.base !== null && found.has(header.base.id)) found.add(next)
    return upwards.filter(({ id: next }) => next !== id && found.has(next)).reverse()
  }

  private async moveAside(id: string, reason: string): Promise<void> {
    this.held.delete(id)
    this.quarantined(id, reason)
    await this.files.quarantine(fileName(id))
  }

  /** Quarantines a bad snapshot. Other faults are ignored by default, because a caller can always fold the log. */
  private async orAside<T>(
    look: () => Promise<T>,
    failed: (error: unknown) => undefined = () => undefined,
  ): Promise<T | undefined> {
    try {
      return await look()
    } catch (error) {
      if (!(error instanceof BadSnapshot)) return failed(error)
      await this.quarantine(error.of, error.reason).catch(() => undefined)
      return undefined
    }
  }

  private async lookAt(id: string): Promise<SnapshotEntry | undefined> {
    const name = fileName(id)
    const prefix = (await this.files.read(name, PREFIX_BYTES)) ?? Buffer.alloc(0)
    const sizes = sizesOf(id, prefix)
    if (sizes === undefined) return undefined
    const bytes = (await this.files.read(name, PREFIX_BYTES + sizes.header + SNAPSHOT_HASH_BYTES)) ?? Buffer.alloc(0)
    const shelved = shelvedOf(readHeader(id, bytes, sizes), sizes.file)
    if (shelved.id !== id) throw new BadSnapshot(id, 'it bears the name of another')
    return shelved
  }

  private async read(id: string): Promise<KeptSnapshot> {
    const chain = await this.chain(id)
    const [{ header, sha256: hash }] = chain
    const root = chain.at(-1) as WholeSnapshot
    try {
      let text = await unpackState(root.content)
      let state = JSON.parse(text) as JsonValue
      for (const { content } of chain.slice(0, -1).reverse()) state = applied(state, await unpackState(content))
      if (chain.length > 1) text = stateText(state)
      if (snapshotHash(text).toString('hex') === header.state.sha256) return { id, header, sha256: hash, state, text }
    } catch (error) {
      throw new BadSnapshot(id, `it cannot be unpacked: ${String(error)}`)
    }
    throw new BadSnapshot(id, 'its state is not the one that was kept')
  }

  /** The files from the snapshot itself down to the full one that its differences begin with. */
  private async chain(id: string): Promise<[WholeSnapshot, ...WholeSnapshot[]]> {
    const first = await this.file(id, id)
    const chain: [WholeSnapshot, ...WholeSnapshot[]] = [first]
    for (let at = first; at.header.base !== null; ) {
      if (chain.length > LINKS_MAX) throw new BadSnapshot(id, 'too much lies below it')
      const { base } = at.header
      const below = await this.file(base.id, id)
      if (below.sha256 !== base.sha256) throw new BadSnapshot(id, 'what it is built on is not what it was')
      chain.push(below)
      at = below
    }
    return chain
  }

  private async file(id: string, asked: string): Promise<WholeSnapshot> {
    const bytes = await this.files.read(fileName(id), FILE_BYTES_MAX)
    if (bytes === undefined) throw new BadSnapshot(asked, 'a file of it is not there')
    const whole = readSnapshot(id, bytes)
    if (whole === undefined) throw new BadSnapshot(asked, 'it is of a newer version')
    if (shelvedOf(whole.header, 0).id !== id) throw new BadSnapshot(id, 'it bears the name of another')
    return whole
  }
}

function unavailable(error: unknown): never {
  if (error instanceof StoreError) throw error
  throw new StoreError('STORAGE_UNAVAILABLE', 'the snapshot cannot be read', { cause: error })
}

function shelvedOf(header: SnapshotHeader, bytes: number): SnapshotEntry {
  const fold = foldId(header.fold)
  const { asked, upcasting } = splitFoldText(header.fold)
  return { id: snapshotId(fold, header.position), fold, asked: foldId(asked), upcasting, header, bytes }
}
