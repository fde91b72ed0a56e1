// The context that recovery, the running log and its upkeep share: files, indexes, clock, random bytes and observer.

import type { Disk } from '../disk/disk.js'
import type { FilePool } from '../disk/file-pool.js'
import type { Latch } from '../disk/latch.js'
import type { Layout } from '../format/names.js'
import type { ActivePostings } from '../index/active-postings.js'
import type { IndexContext } from '../index/sealed-postings.js'
import type { KnownDamage } from './accepted-damage.js'

export interface EngineFiles {
  readonly disk: Disk
  readonly latch: Latch
  readonly layout: Layout
  readonly pool: FilePool
  /** This many bytes of zeros are kept ahead of the end of the log; 0 for none. */
  readonly presizeBytes: number
}

/** Adds the terms of the record that begins at `from` to the postings. The layer above supplies it, because the engine knows no records. */
export type RecordIndexer = (bytes: Buffer, from: number, ordinal: number, postings: ActivePostings) => void

export interface EngineContext {
  readonly files: EngineFiles
  readonly indexes: IndexContext
  readonly indexRecord: RecordIndexer
  /** Milliseconds since 1970, from the clock the store was given. */
  readonly now: () => number
  /** Unpredictable bytes, for the identity of a new store. */
  readonly random: (length: number) => Buffer
  readonly observer: EngineObserver
}

export interface EngineObserver {
  warned(what: string, detail: string): void
  damaged(damage: KnownDamage): void
}
