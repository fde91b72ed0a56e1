// The default storage: an event store in one directory, with no database beside it.
import {
  checkFindKey,
  checkPosition,
  checkRead,
  checkStreamName,
  checkStreams,
} from '../../contract/check/check-read.js'
import { StoreError } from '../../contract/errors.js'
import type { Position, RecordedEvent } from '../../contract/event.js'
import { formatTimestamp, isNodeId } from '../../contract/event-id.js'
import {
  type Appended,
  type AppendRequest,
  type AppendTerms,
  EventStore,
  type ReadRequest,
  type StoreStatus,
  type StreamInfo,
  type StreamsRequest,
} from '../../contract/event-store.js'
import { type ClockReading, HybridClock } from '../../contract/hybrid-clock.js'
import type { Lineage } from '../../contract/lineage.js'
import { SteadyClock } from '../../contract/steady-clock.js'
import { AppendPreparer, type PreparedAppend } from '../../record/append-request.js'
import { HeadWatch } from '../../record/head-watch.js'
import { StoredEvent } from '../../record/record.js'
import { BATCH_BYTES } from './admitted.js'
import { CommitQueue } from './commit-queue.js'
import { diskErrorCode } from './engine/disk/disk.js'
import { isNoDescriptor, isNoSpace } from './engine/disk/latch.js'
import { trialWrite, within } from './engine/disk/trial-write.js'
import { Layout } from './engine/format/names.js'
import type { Log } from './engine/log.js'
import { HungWrites } from './engine/upkeep/hung-writes.js'
import { Maintenance } from './maintenance.js'
import { openLog } from './open-log.js'
import { type EmbeddedOptions, type ResolvedOptions, resolveOptions } from './options.js'
import { LogReader, readStartOf } from './reader.js'
import { SegmentCommitLog } from './segment-commit-log.js'
import { SideFiles } from './side-files.js'
import { streamNames } from './stream-names.js'

export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedStore> {
  if (!isNodeId(options.nodeId)) throw new StoreError('INVALID_REQUEST', 'a node id is 1 to 32 of A-Z a-z 0-9 . -')
  const resolved = resolveOptions(options)
  const log = await openLog(resolved)
  const reader = new LogReader(log)
  try {
    const newest = await newestEvent(reader)
    if (!log.recovered.start.clean && log.state === 'writable') await tryOut(resolved, reader, newest)
    const last = newest ?? unreadableReading(log)
    const ids = new HybridClock(resolved.clock, last)
    // How long the store was closed is not known for sure, so that time makes nothing older.
    const ages = new SteadyClock(last?.timestampNs ?? resolved.clock.now(), resolved.monotonic)
    const store = new EmbeddedStore(resolved, log, reader, { ids, ages })
    store.maintenance.start()
    return store
  } catch (error) {
    // It is not marked as closed in order, so that the next start tries it out again.
    await log.close(false)
    throw error
  }
}

/** The newest readable event. New ids must be greater than its, even when the wall clock is behind it. */
async function newestEvent(reader: LogReader): Promise<StoredEvent | undefined> {
  for await (const event of reader.read({ order: 'desc', limit: 1, onDamaged: () => undefined })) return event
  return undefined
}

function unreadableReading({ head, context }: Log): ClockReading | undefined {
  return head === 0 ? undefined : { timestampNs: BigInt(context.now()) * 1_000_000n, sequence: 0 }
}

/**
 * A store that was not closed in order shows that its disk writes, and that its index finds what a read has found, before
 * anybody relies on it. A full disk is no reason to refuse the start, because reads go on beside it.
 */
async function tryOut(options: ResolvedOptions, reader: LogReader, newest: StoredEvent | undefined): Promise<void> {
  const { directory, disk, random, writeTimeoutMs, observer } = options
  const unfit = (why: string, cause?: unknown) =>
    new StoreError('STORAGE_UNAVAILABLE', `${directory} was not closed in order, and ${why}`, { cause })
  try {
    await within(writeTimeoutMs, trialWrite(disk, new Layout(directory).trial, random))
  } catch (error) {
    if (!isNoSpace(error) && !isNoDescriptor(error))
      throw unfit(`a trial write there failed: ${diskErrorCode(error) ?? String(error)}`, error)
    observer.warned({ what: 'the start had no room for a trial write', detail: String(error) })
  }
  if (newest === undefined) return
  const { stream, type, position } = newest
  for await (const found of reader.read({ filter: { streams: [stream], types: [type] }, order: 'desc', limit: 1 }))
    if (found.position === position) return
  throw unfit(`its index does not find the event at position ${position}`)
}

export class EmbeddedStore extends EventStore {
  readonly sideStore: SideFiles
  /** Runs by its own timers; tests run single passes instead. */
  readonly maintenance: Maintenance
  private readonly commits: SegmentCommitLog
  private readonly queue: CommitQueue
  private readonly watch: HeadWatch
  private readonly hungWrites: HungWrites
  private readonly ownLineage: Lineage
  private readonly preparer = new AppendPreparer()
  private closing: Promise<void> | undefined

  constructor(
    options: ResolvedOptions,
    private readonly log: Log,
    private readonly reader: LogReader,
    clocks: { readonly ids: HybridClock; readonly ages: SteadyClock },
  ) {
    super()
    const { nodeId, observer, cachedStreams, disk, directory, pressure } = options
    this.sideStore = new SideFiles(disk, new Layout(directory).snapshots)
    this.watch = new HeadWatch(() => this.log.head)
    this.commits = new SegmentCommitLog(log)
    this.queue = new CommitQueue(
      { commits: this.commits, log, ...clocks, nodeId, cachedStreams },
      {
        published: batch => {
          observer.appended(batch)
          this.watch.moved(batch.head)
        },
        recall: (position, events) => this.recall(position, events),
      },
    )
    const { epoch, lineage } = log.recovered.start
    this.ownLineage = { ...lineage, epoch, epochSince: new Date(log.context.now()).toISOString() }
    this.maintenance = new Maintenance(log, options, this.queue)
    pressure.listen(() => {
      log.context.indexes.pages.resize(pressure.shareOf(options.pageCacheBytes))
      this.queue.waiting.batchBytes = pressure.shareOf(BATCH_BYTES)
    })
    this.hungWrites = new HungWrites(this.queue, log.context.files.latch, options.writeTimeoutMs, write =>
      observer.hung(write),
    )
  }

  /** Not an async function, because that would cost a second promise on the hottest call of all. */
  append(request: AppendRequest, terms?: AppendTerms): Promise<Appended> {
    try {
      this.mustBeOpen()
      return this.queue.append(this.preparer.prepare(request), terms)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** For a follower, which has checked and encoded the append where it came in. */
  async appendPrepared(prepared: PreparedAppend, terms?: AppendTerms): Promise<Appended> {
    return this.queue.append(prepared, terms)
  }

  /**
   * Resolves when no batch in flight can hold events from before `untilNs` any more; undefined when none does. They have
   * their times already, so a read up to there has to wait for them.
   */
  settled(untilNs: bigint): Promise<void> | undefined {
    return this.queue.settled(untilNs)
  }

  read(request: ReadRequest): AsyncIterable<RecordedEvent> {
    this.mustBeOpen()
    checkRead(request)
    const settled = request.until === undefined ? undefined : this.settled(readStartOf(request.until).timestampNs)
    return settled === undefined ? this.reader.read(request, this.log.head) : this.readAfter(settled, request)
  }

  /** Waits for the batch in flight, because the same read would otherwise find its events the next time. */
  private async *readAfter(settled: Promise<void>, request: ReadRequest): AsyncGenerator<RecordedEvent, void, void> {
    await settled
    yield* this.reader.read(request, this.log.head)
  }

  async find(key: Position | string): Promise<RecordedEvent | undefined> {
    this.mustBeOpen()
    checkFindKey(key)
    return this.reader.find(key)
  }

  async stream(name: string): Promise<StreamInfo | undefined> {
    this.mustBeOpen()
    checkStreamName(name)
    return this.reader.stream(name)
  }

  streams(request: StreamsRequest): AsyncIterable<string> {
    this.mustBeOpen()
    checkStreams(request)
    return streamNames(this.log, request)
  }

  head(): Position {
    return this.log.head
  }

  async beyond(position: Position, signal?: AbortSignal): Promise<Position> {
    checkPosition(position)
    return this.watch.beyond(position, signal)
  }

  status(): StoreStatus {
    const { log, queue } = this
    const segments = log.segments()
    return {
      backend: 'embedded',
      head: log.head,
      first: log.firstPosition,
      write: this.commits.write,
      damaged: log.damage,
      queued: queue.queued,
      queuedBytes: queue.queuedBytes,
      size: { bytes: segments.bytes, diskBytes: segments.diskBytes },
      details: {
        segments: segments.length,
        epoch: log.recovered.start.epoch,
        cleanStart: log.recovered.start.clean,
        tornBytes: log.recovered.start.tornBytes,
        openFiles: log.context.files.pool.size,
        waitingReaders: this.watch.waiting,
        archived: log.sealedSegments().archivedCount,
        ...this.maintenance.details,
      },
    }
  }

  lineage(): Lineage {
    return this.ownLineage
  }

  owned(): boolean {
    return this.log.state !== 'lost_ownership' && this.log.owned
  }

  close(): Promise<void> {
    this.closing ??= this.shut()
    return this.closing
  }

  private async shut(): Promise<void> {
    await this.queue.close()
    this.hungWrites.close()
    this.watch.close()
    await this.maintenance.close()
    await this.log.close()
  }

  private mustBeOpen(): void {
    if (this.closing !== undefined) throw new StoreError('CLOSED', 'the store is closing')
  }

  /** Reads from the log what was answered when the key was used first. */
  private async recall(position: Position, events: number): Promise<Appended> {
    const found: StoredEvent[] = []
    for await (const event of this.reader.read({ after: position - 1, limit: events })) found.push(event)
    const lastPosition = position + events - 1
    const answers = found.map(({ id, position: at, stream, revision, timestampNs }) => {
      return { id, position: at, stream, revision, timestamp: formatTimestamp(timestampNs) }
    })
    return { events: answers, firstPosition: position, lastPosition, duplicate: true, durability: 'fsync' }
  }
}
