// The port under the commit queue: keeps batches of encoded events, one behind the other, and says where their order ends.
import type { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import type { WriteState } from '../contract/event-store.js'

/**
 * One batch is in flight at a time, so its place is known before it is made. It is stored as a whole or not at all, and
 * nothing is ever stored behind one whose fate nobody knows.
 */
export interface CommitLog<Batch> {
  /** Everything up to here is durable. */
  readonly head: Position
  /** Whether batches are taken, and if not, why. */
  readonly write: WriteState
  /** Resolves when a batch may be made; rejects with the StoreError its appends are answered with while none may. */
  ready(): Promise<void>
  /** Lets a batch continue where the order ends; throws as `ready` rejects. */
  begin(batch: Batch): void
  /**
   * Resolves when the batch is durable and nobody else can have written in its place. Rejects with a StoreError:
   * INDETERMINATE when it is not known whether it is stored, any other when it surely is not.
   */
  append(batch: Batch): Promise<void>
  /** Nothing waits to be written. */
  idle(): void
  /** This process can no longer tell what it has written: no batch is taken from now on. */
  poison(defect: unknown): StoreError
}
