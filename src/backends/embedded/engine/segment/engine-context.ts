// What recovery, the running log and its upkeep are given: the files, the indexes, clocks and chance, and who hears of trouble.

import type { Disk } from '../disk/disk.js'
import type { FilePool } from '../disk/file-pool.js'
import type { Latch } from '../disk/latch.js'
import type { Layout } from '../format/names.js'
import type { ActivePostings } from '../index/active-postings.js'
import type { IndexContext } from '../index/sealed-postings.js'
import type { KnownDamage } from './accepted-damage.js'

/** The data directory, and the ways to its files. */
export interface EngineFiles {
  readonly disk: Disk
  readonly latch: Latch
  readonly layout: Layout
  readonly pool: FilePool
  /** So many bytes of zeros are kept ahead of the end of the log; 0 for none. */
  readonly presizeBytes: number
}

/** Adds the terms of one record to the postings. The layer above supplies it, because the engine does not know what a record is. */
export type RecordIndexer = (record: Buffer, ordinal: number, postings: ActivePostings) => void

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
