// The port under the commit queue: it keeps batches of encoded events, one behind the other.
import type { StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import type { WriteState } from '../contract/event-store.js'

/**
 * One batch is in flight at a time, so its place is known before it is made. A batch is stored as a whole or not at
 * all, and nothing is stored behind one whose fate is unknown.
 */
export interface CommitLog<Batch> {
  /** Everything up to this position is durable. */
  readonly head: Position
  /** Whether batches are taken, and if not, why. */
  readonly write: WriteState
  /** Resolves when a batch may be made; while none may, rejects with the StoreError that answers its appends. */
  ready(): Promise<void>
  /** Lets the batch continue where the order ends; throws what `ready` would reject with. */
  begin(batch: Batch): void
  /**
   * Resolves when the batch is durable and nobody else can have written in its place. Rejects with a StoreError:
   * INDETERMINATE when it is not known whether the batch is stored, any other when it surely is not.
   */
  append(batch: Batch): Promise<void>
  /** Called when no batch waits to be written. */
  idle(): void
  /** Called when this process can no longer tell what it has written: no batch is taken from then on. */
  poison(defect: unknown): StoreError
}
