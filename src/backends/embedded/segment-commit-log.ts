// The segment log as the commit log of one process; it says in the contract's errors what became of a batch.
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import type { WriteState } from '../../contract/event-store.js'
import type { CommitLog } from '../../record/commit-log.js'
import type { BatchBuffer } from './engine/format/batch-buffer.js'
import { BatchIndeterminate, BatchRejected, type Log } from './engine/log.js'

export class SegmentCommitLog implements CommitLog<BatchBuffer> {
  constructor(private readonly log: Log) {}

  get head(): Position {
    return this.log.head
  }

  get write(): WriteState {
    return writeState(this.log.state, this.log.stateDetail)
  }

  ready(): Promise<void> {
    return this.log.ready().catch(this.refused)
  }

  begin(batch: BatchBuffer): void {
    if (this.log.state !== 'writable') throw this.inWords(new BatchRejected(this.log.stateDetail))
    batch.begin(this.log.nextBatchPlace())
  }

  append(batch: BatchBuffer): Promise<void> {
    return this.log.commit(batch).catch(this.refused)
  }

  idle(): void {
    this.log.idle()
  }

  poison(defect: unknown): StoreError {
    this.log.context.files.latch.trip(defect)
    return new StoreError('INDETERMINATE', 'the store failed after the events were written', { cause: defect })
  }

  private readonly refused = (error: unknown): never => {
    throw this.inWords(error)
  }

  private inWords(error: unknown): unknown {
    if (error instanceof BatchIndeterminate) return new StoreError('INDETERMINATE', error.message, { cause: error })
    if (!(error instanceof BatchRejected)) return error
    const { write } = this
    const code = write.writable ? 'STORAGE_UNAVAILABLE' : CODES[write.reason]
    return new StoreError(code, error.message, { cause: error })
  }
}

const CODES = {
  closed: 'CLOSED',
  corrupt: 'READ_ONLY',
  disk_full: 'DISK_FULL',
  failed_sync: 'READ_ONLY',
  lost_ownership: 'READ_ONLY',
} as const

const WRITABLE: WriteState = Object.freeze({ writable: true })

export function writeState(state: Log['state'], detail: string): WriteState {
  return state === 'writable' ? WRITABLE : { writable: false, reason: state, detail }
}
