// Copies an export into a directory of its own: every event keeps its position, its id and its bytes.
import { StoreError } from '../../contract/errors.js'
import { SteadyClock } from '../../contract/steady-clock.js'
import { PackWriter } from '../../record/codec/writer.js'
import type { StoredEvent } from '../../record/record.js'
import { type CopiedEvent, provenRecord, refuseRecord } from './copied-record.js'
import { writeFact } from './engine/disk/small-file.js'
import { BatchBuffer } from './engine/format/batch-buffer.js'
import type { Log } from './engine/log.js'
import { openLog, translate } from './open-log.js'
import { type EmbeddedOptions, resolveOptions } from './options.js'
import { LogReader } from './reader.js'
import { SegmentCommitLog } from './segment-commit-log.js'
import { indexRecord } from './terms.js'
import { withIndexRepair } from './with-index-repair.js'
import { WriteView } from './write-view.js'

/** One write and one sync cover at most this much. */
const BATCH_EVENTS = 1_000
const BATCH_BYTES = 8 * 1024 * 1024

export interface ImportReport {
  readonly copied: number
  /** Events that the store held already, and that are the same. */
  readonly already: number
  readonly head: number
}

/**
 * `open` is called twice, because everything is proven before anything is written. A store that holds a beginning of
 * the export is completed; one that holds another event at a position of the export is refused. No server opens the
 * store until it is complete.
 */
export async function importStore(
  options: Omit<EmbeddedOptions, 'nodeId'>,
  open: () => AsyncIterable<CopiedEvent>,
): Promise<ImportReport> {
  const resolved = resolveOptions({ ...options, nodeId: 'import' })
  const isNew = (await resolved.disk.list(options.directory)).length === 0
  for await (const copied of open()) {
    if (isNew && copied.event.position > 1 && copied.line === 1) refuseStart(copied, 1)
    provenRecord(copied)
  }
  const log = await openLog(resolved, true)
  try {
    return await new Import(log).run(open())
  } catch (error) {
    throw error instanceof StoreError ? error : translate(error, options.directory)
  } finally {
    await log.close()
  }
}

class Import {
  private readonly out = new PackWriter()
  private readonly batch = new BatchBuffer(this.out)
  private waiting: { readonly record: Buffer; readonly copied: CopiedEvent }[] = []
  private waitingBytes = 0
  private readonly heads = new Map<string, number>()
  private readonly assigned: WriteView
  private readonly commits: SegmentCommitLog
  private begun = false
  private copied = 0

  constructor(private readonly log: Log) {
    // This view is used for streams and never for keys, so its clock is never read.
    this.assigned = new WriteView(log, new SteadyClock(0n), 1)
    this.commits = new SegmentCommitLog(log)
  }

  async run(events: AsyncIterable<CopiedEvent>): Promise<ImportReport> {
    const { log } = this
    const before = log.head
    let already = 0
    let stored: AsyncIterator<StoredEvent> | undefined
    for await (const copied of events) {
      const { event } = copied
      if (event.position <= before) {
        stored ??= new LogReader(log).read({ after: event.position - 1 })
        mustBeSame(copied, (await stored.next()).value)
        already++
        continue
      }
      const next = log.head + this.waiting.length + 1
      if (event.position !== next) refuseStart(copied, next)
      await this.mustContinueItsStream(copied)
      await this.take(copied)
    }
    await this.write()
    await this.finish()
    return { copied: this.copied, already, head: log.head }
  }

  /** Otherwise two streams that merely have the same name would become one. */
  private async mustContinueItsStream({ line, event }: CopiedEvent): Promise<void> {
    const { stream, revision } = event
    const known = this.heads.get(stream)
    const head = known ?? (await withIndexRepair(this.log, () => this.assigned.streamRevision(stream)))
    if (revision !== head + 1) refuseRecord(line, `revision ${revision} of ${stream} does not go on at ${head + 1}`)
    this.heads.set(stream, revision)
  }

  private async take(copied: CopiedEvent): Promise<void> {
    const record = provenRecord(copied)
    this.waiting.push({ record, copied })
    this.waitingBytes += record.length
    if (this.waiting.length === BATCH_EVENTS || this.waitingBytes >= BATCH_BYTES) await this.write()
  }

  /** Writes what waits as one frame. It is indexed only once it is durable: a failed write must leave no trace. */
  private async write(): Promise<void> {
    const { log, commits, batch, out } = this
    if (this.waiting.length === 0) return
    await this.begin()
    await commits.ready()
    commits.begin(batch)
    batch.startFrame()
    const entries = this.waiting.map(({ record }) => {
      batch.startEntry()
      out.raw(record)
      return { record, ...batch.endEntry() }
    })
    batch.endFrame()
    const { postings } = log.writing()
    await commits.append(batch)
    for (const { record, offset, end } of entries) indexRecord(record, 0, postings.add(offset, end), postings)
    this.copied += this.waiting.length
    this.waiting = []
    this.waitingBytes = 0
  }

  /** The mark comes before the first event, because without it a server would take half a copy for a whole store. */
  private async begin(): Promise<void> {
    if (this.begun) return
    const { disk, layout } = this.log.context.files
    await writeFact(disk, layout.importing, { begun: new Date(this.log.context.now()).toISOString() })
    this.begun = true
  }

  /** Runs also when nothing was missing, because the last process may have ended between its last event and this. */
  private async finish(): Promise<void> {
    const { disk, layout } = this.log.context.files
    await disk.unlink(layout.importing)
    await disk.syncDirectory(layout.root)
  }
}

function refuseStart({ line, event }: CopiedEvent, next: number): never {
  refuseRecord(line, `position ${event.position} does not go on at ${next}`)
}

function mustBeSame({ line, event }: CopiedEvent, stored: StoredEvent | undefined): void {
  if (stored?.position === event.position && stored.checksum === event.checksum) return
  refuseRecord(line, `position ${event.position} is ${event.id} here and ${stored?.id ?? 'nothing'} in the store`)
}
