// What recovery and the running log need of their surroundings.

import type { FilePool } from '../disk/file-pool.js'
import type { Layout } from '../format/names.js'
import type { ActivePostings } from '../index/active-postings.js'
import type { IndexContext } from '../index/sealed-postings.js'
import type { KnownDamage } from './accepted-damage.js'
import type { SegmentContext } from './active-segment.js'

/** Notes the terms of one record; whoever knows what a record is supplies it. */
export type RecordIndexer = (record: Buffer, ordinal: number, postings: ActivePostings) => void

export interface EngineContext extends SegmentContext {
  readonly layout: Layout
  readonly pool: FilePool
  readonly shelf: IndexContext
  readonly index: RecordIndexer
  /** Milliseconds since 1970, from the clock the store was given. */
  readonly now: () => number
  /** Unpredictable bytes, for the identity of a new store. */
  readonly random: (length: number) => Buffer
  readonly observer: EngineObserver
}

/** What happens inside, for whoever runs the store. */
export interface EngineObserver {
  warned(what: string, detail: string): void
  damaged(damage: KnownDamage): void
}
