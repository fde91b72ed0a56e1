// An event store that reads the log of a writer as it grows, and hands appends to that writer.
import {
  checkFindKey,
  checkPosition,
  checkRead,
  checkStreamName,
  checkStreams,
} from '../../contract/check/check-read.js'
import { StoreError } from '../../contract/errors.js'
import type { Position, RecordedEvent } from '../../contract/event.js'
import {
  type Appended,
  type AppendRequest,
  type AppendTerms,
  EventStore,
  type ReadRequest,
  type StoreStatus,
  type StreamInfo,
  type StreamsRequest,
  type WriteState,
} from '../../contract/event-store.js'
import type { Lineage } from '../../contract/lineage.js'
import type { Observer } from '../../contract/observer.js'
import { AppendPreparer } from '../../record/append-request.js'
import { HeadWatch } from '../../record/head-watch.js'
import { type Disk, diskErrorCode } from '../embedded/engine/disk/disk.js'
import { ReadOnlyDisk } from '../embedded/engine/disk/read-only-disk.js'
import { RealDisk } from '../embedded/engine/disk/real-disk.js'
import { Layout } from '../embedded/engine/format/names.js'
import { createContext, translate } from '../embedded/open-log.js'
import { resolveOptions } from '../embedded/options.js'
import { LogReader, readStartOf } from '../embedded/reader.js'
import { streamNames } from '../embedded/stream-names.js'
import { FollowedLog } from './followed-log.js'
import type { LogWriter } from './writer.js'

export interface FollowerOptions {
  /** The data directory of the writer. Nothing in it is changed. */
  readonly directory: string
  readonly disk?: Disk
  /**
   * Whether the hashes of what the writer writes are computed once more. A follower in the process of the writer need
   * not: the same memory would have to be wrong twice. What a reader is given is proven in any case.
   */
  readonly verify: boolean
  readonly openFiles?: number
  readonly pageCacheBytes?: number
  readonly observer?: Observer
  /** Hears of what is durable and cannot be read here yet, and for how many ms it has been durable. */
  readonly behind?: (forMs: number) => void
}

/** Resolves when the follower has seen everything that is durable by now. */
export async function openFollower(writer: LogWriter, options: FollowerOptions): Promise<FollowerStore> {
  const { verify, disk = new RealDisk(), behind = () => undefined, ...more } = options
  const resolved = resolveOptions({ ...more, disk: new ReadOnlyDisk(disk), nodeId: 'follower' })
  const context = createContext(resolved, new Layout(options.directory))
  let store: FollowerStore | undefined
  const log = new FollowedLog(context, writer, verify ? 'hashes' : 'links', () => store?.grown())
  try {
    store = new FollowerStore(writer, log, behind)
    await log.relocated()
    await log.reach(writer.head)
    return store
  } catch (error) {
    await store?.close()
    throw translate(error, options.directory)
  }
}

const CLOSED: WriteState = Object.freeze({ writable: false, reason: 'closed', detail: 'the store is closed' })

export class FollowerStore extends EventStore {
  private readonly reader: LogReader
  private readonly watch: HeadWatch
  private readonly preparer = new AppendPreparer()
  private readonly handedOver = new Set<Promise<unknown>>()
  private readonly leave: () => void
  private closing: Promise<void> | undefined

  constructor(
    private readonly writer: LogWriter,
    private readonly log: FollowedLog,
    behind: (forMs: number) => void,
  ) {
    super()
    this.reader = new LogReader(log)
    this.watch = new HeadWatch(() => log.head)
    const moved = (forMs: number) => {
      // A request may have needed these events, and its own look at the head was faster than the message.
      if (log.head < writer.head) behind(forMs)
      log.follow()
    }
    this.leave = writer.listen({ moved, changed: () => log.changed() })
  }

  /** Its own view has more: those who wait can read it. */
  grown(): void {
    this.watch.moved(this.log.head)
  }

  /** Resolves once the own view has the events too, so that whoever is answered can read them here. */
  async append(request: AppendRequest, terms?: AppendTerms): Promise<Appended> {
    this.mustBeOpen()
    const stored = this.handOver(request, terms)
    this.handedOver.add(stored)
    try {
      return await stored
    } finally {
      this.handedOver.delete(stored)
    }
  }

  read(request: ReadRequest): AsyncIterable<RecordedEvent> {
    this.mustBeOpen()
    checkRead(request)
    const settled =
      request.until === undefined ? undefined : this.writer.settled(readStartOf(request.until).timestampNs)
    const { head } = this.writer
    if (settled === undefined && this.log.head >= head) return this.reader.read(request, this.log.head)
    return this.readAfter(settled, head, request)
  }

  async find(key: Position | string): Promise<RecordedEvent | undefined> {
    this.mustBeOpen()
    checkFindKey(key)
    await this.upToDate()
    return this.reader.find(key)
  }

  async stream(name: string): Promise<StreamInfo | undefined> {
    this.mustBeOpen()
    checkStreamName(name)
    await this.upToDate()
    return this.reader.stream(name)
  }

  streams(request: StreamsRequest): AsyncIterable<string> {
    this.mustBeOpen()
    checkStreams(request)
    return this.log.head >= this.writer.head ? streamNames(this.log, request) : this.streamsAfter(request)
  }

  /** The head of the writer: a read that comes now waits until the own view has it. */
  head(): Position {
    return this.closing === undefined ? this.writer.head : this.log.head
  }

  async beyond(position: Position, signal?: AbortSignal): Promise<Position> {
    checkPosition(position)
    return this.watch.beyond(position, signal)
  }

  status(): StoreStatus {
    const { log } = this
    const { write, queued, queuedBytes } = this.writer.state()
    const segments = log.segments()
    return {
      backend: 'follower',
      head: this.head(),
      first: log.firstPosition,
      write: this.closing === undefined ? write : CLOSED,
      damaged: [...log.damage],
      queued,
      queuedBytes,
      size: { bytes: segments.bytes, diskBytes: segments.diskBytes },
      details: {
        segments: segments.length,
        behind: this.head() - log.head,
        openFiles: log.context.files.pool.size,
        waitingReaders: this.watch.waiting,
        archived: log.archivedCount,
        indexesInMemory: log.indexesInMemory,
      },
    }
  }

  lineage(): Lineage {
    return this.writer.lineage()
  }

  owned(): boolean {
    return this.writer.owned()
  }

  /** Answers every append that was handed over. The writer stays as it is. */
  close(): Promise<void> {
    this.closing ??= this.shut()
    return this.closing
  }

  private async shut(): Promise<void> {
    await Promise.allSettled(this.handedOver)
    this.leave()
    this.watch.close()
    await this.log.close()
  }

  private async handOver(request: AppendRequest, terms: AppendTerms | undefined): Promise<Appended> {
    const appended = await this.writer.append(this.preparer.prepare(request), terms)
    // It is stored, so nothing that happens here may be told as its failure. A read waits for the own view itself.
    await this.log.reach(appended.lastPosition).catch(() => undefined)
    return appended
  }

  private async *readAfter(
    settled: Promise<void> | undefined,
    head: Position,
    request: ReadRequest,
  ): AsyncGenerator<RecordedEvent, void, void> {
    await settled
    const upTo = settled === undefined ? head : this.writer.head
    await this.reach(upTo)
    yield* this.reader.read(request, upTo)
  }

  private async *streamsAfter(request: StreamsRequest): AsyncGenerator<string, void, void> {
    await this.upToDate()
    yield* streamNames(this.log, request)
  }

  private upToDate(): Promise<void> | undefined {
    const { head } = this.writer
    return this.log.head >= head ? undefined : this.reach(head)
  }

  private async reach(position: Position): Promise<void> {
    try {
      await this.log.reach(position)
    } catch (error) {
      const code = diskErrorCode(error)
      if (code === undefined) throw error
      throw new StoreError('STORAGE_UNAVAILABLE', `following the log failed: ${code}`, { cause: error })
    }
    this.mustBeOpen()
  }

  private mustBeOpen(): void {
    if (this.closing !== undefined) throw new StoreError('CLOSED', 'the store is closing')
  }
}
