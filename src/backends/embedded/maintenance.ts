// Upkeep of an open store: it restores, archives, retires and scrubs in the background, one small step at a time.
import { basename } from 'node:path'
import type { Observers } from '../../contract/observer.js'
import { SteadyClock } from '../../contract/steady-clock.js'
import { BackupLayout } from './engine/backup/backup-names.js'
import { holdsArchive } from './engine/backup/held-archive.js'
import { DamagedRestore } from './engine/backup/restore-damaged.js'
import type { BackupSource } from './engine/backup/restore-segment.js'
import { ReadOnlyDisk } from './engine/disk/read-only-disk.js'
import { Stopped, Throttle } from './engine/disk/throttle.js'
import type { Log } from './engine/log.js'
import type { Carried } from './engine/recovery/floor.js'
import type { SealedSegment } from './engine/segment/sealed-segment.js'
import type { AgeRule } from './engine/segment/segment-age.js'
import { archiveOldest } from './engine/upkeep/archive.js'
import { retireOldest } from './engine/upkeep/retain.js'
import { Scrub } from './engine/upkeep/scrub.js'
import { lastOfStream } from './entry-reader.js'
import type { ResolvedOptions } from './options.js'
import { KIND } from './terms.js'
import { withIndexRepair } from './with-index-repair.js'

const DAY_MS = 86_400_000
/** Milliseconds until the next pass when nothing more is due. */
const IDLE_MS = 60_000
/** Milliseconds until the next pass while there is more to do; this limits archiving to about 20 MB a second. */
const BUSY_MS = 5_000
/** A scrub begins a day after the last one began, by the time of this process: a step of the wall clock starts none. */
const SCRUB_EVERY_MS = DAY_MS
/** From this share of the volume on archives are removed, where that is allowed. */
const NEARLY_FULL = 0.9
/** Streams looked up before the event loop gets a turn. */
const STREAMS_A_TURN = 256

export class Maintenance {
  /** Counts on from the start of the process, so that a step of the wall clock makes no segment older. */
  private readonly ages: SteadyClock
  private readonly throttle: Throttle
  private readonly scrub: Scrub
  private readonly backup: BackupSource | undefined
  private readonly restore: DamagedRestore | undefined
  private timer: NodeJS.Timeout | undefined
  private running: Promise<boolean> | undefined
  private closed = false
  private scrubDueMs = 0
  private lastScrubMs: number | undefined
  private lastGoodScrubMs: number | undefined

  constructor(
    private readonly log: Log,
    private readonly options: ResolvedOptions,
    queue: { readonly queued: number },
  ) {
    this.ages = new SteadyClock(options.clock.now(), options.monotonic)
    this.throttle = new Throttle(options.scrubBytesPerSecond, () => queue.queued > 0 || options.pressure.rests)
    this.scrub = new Scrub(log, this.throttle)
    const { restoreFrom, disk } = options
    if (restoreFrom === '') return
    this.backup = { disk: new ReadOnlyDisk(disk), layout: new BackupLayout(restoreFrom) }
    this.restore = new DamagedRestore(log, this.backup)
  }

  start(): void {
    this.schedule(IDLE_MS)
  }

  /** Archives, retires and scrubs at most one segment each. Resolves with true when there may be more to do at once. */
  pass(): Promise<boolean> {
    this.running ??= this.perform().finally(() => {
      this.running = undefined
    })
    return this.running
  }

  /** Cuts a scrub short, and waits for any other step, so that what it writes is whole. */
  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    this.throttle.stop()
    await this.running
  }

  get details(): Readonly<Record<string, string | null>> {
    return { lastScrub: asTime(this.lastScrubMs), lastGoodScrub: asTime(this.lastGoodScrubMs) }
  }

  private schedule(ms: number): void {
    if (this.closed) return
    const again = (busy: boolean) => this.schedule(busy ? BUSY_MS : IDLE_MS)
    // The next pass is due even when this one failed.
    this.timer = setTimeout(() => void this.pass().then(again, () => again(false)), ms).unref()
  }

  private async perform(): Promise<boolean> {
    let busy = false
    for (const [what, duty] of this.duties()) {
      if (this.closed) return false
      busy = (await this.attempt(what, duty)) || busy
    }
    return busy
  }

  private duties(): [string, () => Promise<boolean>][] {
    // What mends the store and what gives back room on the disk go on: they may be what ends the trouble.
    const { rests } = this.options.pressure
    const duties: [string, () => Promise<boolean>, boolean][] = [
      ['putting a damaged segment back', () => this.putBack(), true],
      ['archiving', () => this.archive(), !rests],
      ['retiring', () => this.retire(), true],
      ['making room', () => this.makeRoom(), true],
      ['scrubbing', () => this.scrubOne(), !rests],
    ]
    return duties.filter(([, , isDue]) => isDue).map(([name, work]) => [name, work])
  }

  /** What fails is tried again with the next pass. A failed sync is reported to the log by the latch. */
  private async attempt(what: string, duty: () => Promise<boolean>): Promise<boolean> {
    try {
      return await duty()
    } catch (error) {
      if (!(error instanceof Stopped)) this.observer.warned({ what: `${what} failed`, detail: String(error) })
      return false
    }
  }

  private get observer(): Observers {
    return this.options.observer
  }

  private async putBack(): Promise<boolean> {
    const done = await this.restore?.step()
    if (done === undefined) return false
    const { path, footer } = done.segment
    const { firstPosition, lastPosition } = footer
    this.observer.restored({ name: basename(path), firstPosition, lastPosition, kept: done.kept ?? null })
    return true
  }

  private async archive(): Promise<boolean> {
    const { archiveAfterDays } = this.options
    if (archiveAfterDays === 0) return false
    const archived = await archiveOldest(this.log, this.rule(archiveAfterDays))
    if (archived === undefined) return false
    const archivedBytes = await this.log.context.files.pool.use(archived.path, file => file.size())
    this.observer.archived({ name: archived.name, bytes: archived.source.length, archivedBytes })
    return true
  }

  private async retire(): Promise<boolean> {
    const { retainArchivesDays } = this.options
    if (retainArchivesDays === 0) return false
    const carry = (going: SealedSegment) => this.headsBehind(going)
    const retired = await retireOldest(this.log, this.rule(retainArchivesDays), carry)
    if (retired === undefined) return false
    const { name, firstPosition, lastPosition } = retired
    this.observer.retired({ name, firstPosition, lastPosition })
    return true
  }

  /** On a volume that is nearly full the oldest archive goes, if a backup has it and nobody protects what it holds. */
  private async makeRoom(): Promise<boolean> {
    const { cleanUpDays, protectedUpTo } = this.options
    const { log, backup } = this
    if (cleanUpDays === 0 || backup === undefined || (log.sealedSegments().first ?? 0) <= protectedUpTo()) return false
    const { disk, layout } = log.context.files
    const { freeBytes, totalBytes } = await disk.space(layout.archive)
    if (freeBytes > totalBytes * (1 - NEARLY_FULL)) return false
    const carry = (going: SealedSegment) => this.headsBehind(going)
    const removed = await retireOldest(log, this.rule(cleanUpDays), carry, going => holdsArchive(backup, going))
    if (removed === undefined) return false
    const { name, firstPosition, lastPosition } = removed
    this.observer.cleanedUp({ name, firstPosition, lastPosition })
    return true
  }

  /**
   * The heads of streams whose newest event is retired, so that such a stream goes on at its next revision although no
   * event of it is left. They are those carried so far and those of the segment that goes; each is a revision and a
   * last position.
   */
  private async headsBehind(going: SealedSegment): Promise<Carried> {
    const { log } = this
    const carried = new Map(log.floor.carried)
    const streams = await withIndexRepair(log, () => [...going.postings.texts(KIND.stream)])
    for (const [at, stream] of streams.entries()) {
      const last = await withIndexRepair(log, () => lastOfStream(log, stream))
      if (last !== undefined && last.position <= going.lastPosition) carried.set(stream, [last.revision, last.position])
      else carried.delete(stream)
      if (at % STREAMS_A_TURN === STREAMS_A_TURN - 1) await new Promise(setImmediate)
    }
    return carried
  }

  private async scrubOne(): Promise<boolean> {
    if (this.options.scrubBytesPerSecond === 0) return false
    if (!this.scrub.begun) {
      if (performance.now() < this.scrubDueMs) return false
      this.scrubDueMs = performance.now() + SCRUB_EVERY_MS
    }
    const pass = await this.scrub.step()
    if (pass === undefined) return true
    this.lastScrubMs = this.log.context.now()
    if (pass.damaged === 0) this.lastGoodScrubMs = this.lastScrubMs
    this.observer.scrubbed(pass)
    return false
  }

  private rule(days: number): AgeRule {
    const longestStepMs = Math.max(DAY_MS, this.options.segmentHours * 3_600_000)
    // The earlier of two clocks counts, because a wall clock that jumped ahead must not make a segment old.
    const nowMs = Math.min(this.log.context.now(), Number(this.ages.now() / 1_000_000n))
    return { olderThanMs: days * DAY_MS, longestStepMs, nowMs }
  }
}

function asTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
