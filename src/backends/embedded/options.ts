// How an embedded store is opened: what must be given, what may be, and the defaults with their units.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../contract/clock.js'
import { MONOTONIC_CLOCK, SYSTEM_CLOCK } from '../../contract/clock.js'
import { type Observer, Observers } from '../../contract/observer.js'
import { Pressure } from '../../contract/pressure.js'
import type { Disk } from './engine/disk/disk.js'
import { RealDisk } from './engine/disk/real-disk.js'

const MIB = 1024 * 1024

export interface EmbeddedOptions {
  readonly directory: string
  readonly nodeId: string
  readonly disk?: Disk
  readonly clock?: Clock
  /** Ages, such as that of an idempotency key, are measured by this clock, because the wall clock may jump. */
  readonly monotonic?: Clock
  /** Makes the identity of a new store. Nobody may be able to foretell the bytes, except in a test of the format. */
  readonly random?: (length: number) => Buffer
  readonly observer?: Observer
  /** Accepts tmpfs and network file systems, where acknowledged events can be lost. */
  readonly allowUnsafeFilesystem?: boolean
  readonly segmentBytes?: number
  readonly segmentHours?: number
  readonly sealOnCloseBytes?: number
  /** Bytes of zeros written ahead of the log, so that a sync has no file size to write. 0 turns it off. */
  readonly presizeBytes?: number
  readonly reserveBytes?: number
  /** 0 turns the mark off; it is then written at a clean stop only. */
  readonly idleMarkMs?: number
  readonly openFiles?: number
  /** How long opening waits for another process to leave the directory. */
  readonly lockWaitMs?: number
  /** A batch that is not written within this time is given up as indeterminate. 0 waits for ever. */
  readonly writeTimeoutMs?: number
  readonly pageCacheBytes?: number
  /** Streams whose heads are kept in memory; other heads are looked up in the index. */
  readonly cachedStreams?: number
  /** Sealed segments older than this are compressed into `archive/`. 0 turns it off. */
  readonly archiveAfterDays?: number
  /** Archives older than this are removed for good. 0, the default, keeps everything; 90 is a common choice. */
  readonly retainArchivesDays?: number
  /** A backup of this store, from which damaged sealed segments are put back while it runs. Empty: none. */
  readonly restoreFrom?: string
  /**
   * On a volume that is nine tenths full, archives older than this are removed, oldest first, if the backup that
   * `restoreFrom` names has them. 0, the default: never.
   */
  readonly cleanUpDays?: number
  /** Up to this position nothing is removed to make room. */
  readonly protectedUpTo?: () => number
  /** Done by the owner of the directory before it looks at its files, such as finding a volume of theirs. */
  readonly underLock?: () => Promise<void>
  /** Told from outside: while it lasts caches and batches are small, or archiving and scrubbing rest. */
  readonly pressure?: Pressure
  /** How fast sealed segments are read again in the background, to find bit rot. 0 turns it off. */
  readonly scrubBytesPerSecond?: number
}

export type ResolvedOptions = Required<Omit<EmbeddedOptions, 'observer'>> & { readonly observer: Observers }

export const DEFAULTS = Object.freeze({
  allowUnsafeFilesystem: false,
  segmentBytes: 100 * MIB,
  segmentHours: 24,
  sealOnCloseBytes: 8 * MIB,
  presizeBytes: 4 * MIB,
  reserveBytes: MIB,
  idleMarkMs: 50,
  openFiles: 256,
  lockWaitMs: 0,
  writeTimeoutMs: 30_000,
  pageCacheBytes: 8 * MIB,
  cachedStreams: 100_000,
  archiveAfterDays: 7,
  retainArchivesDays: 0,
  restoreFrom: '',
  cleanUpDays: 0,
  protectedUpTo: () => 0,
  underLock: async () => undefined,
  scrubBytesPerSecond: 8 * MIB,
})

function defaultParts() {
  const clocks = { clock: SYSTEM_CLOCK, monotonic: MONOTONIC_CLOCK }
  return { disk: new RealDisk(), ...clocks, random: randomBytes, pressure: new Pressure() }
}

export function resolveOptions(options: EmbeddedOptions): ResolvedOptions {
  const segmentBytes = options.segmentBytes ?? DEFAULTS.segmentBytes
  // A segment smaller than the step it grows by would be mostly zeros.
  const presizeBytes = Math.min(DEFAULTS.presizeBytes, segmentBytes)
  const observer = new Observers(options.observer === undefined ? [] : [options.observer])
  return { ...DEFAULTS, presizeBytes, ...defaultParts(), ...options, observer }
}
