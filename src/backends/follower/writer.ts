// The port by which a follower knows the writer of its log, in the same thread, in another one or elsewhere.
import type { Position } from '../../contract/event.js'
import type { Appended, AppendTerms, DamagedRange, StoreStatus } from '../../contract/event-store.js'
import type { Lineage } from '../../contract/lineage.js'
import type { PreparedAppend } from '../../record/append-request.js'

/** What the writer tells of itself beside the head. */
export type WriterState = Pick<StoreStatus, 'write' | 'damaged' | 'queued' | 'queuedBytes'>

export interface WriterListener {
  /**
   * The head is another number, and has been for so many ms, which the way from the writer took. Nothing may be done in
   * this call, because the writer waits for it to return.
   */
  moved(forMs: number): void
  /** Files of the log were added, moved, replaced or removed, or what is known of damage is another. */
  changed(): void
}

export interface LogWriter {
  /** The last durable position. It is read before each request, so reading it costs nothing. */
  readonly head: Position
  state(): WriterState
  lineage(): Lineage
  owned(): boolean
  append(prepared: PreparedAppend, terms?: AppendTerms): Promise<Appended>
  /** As `EmbeddedStore.settled`: undefined when no batch in flight has events from before. */
  settled(untilNs: bigint): Promise<void> | undefined
  /** The writer reads the event itself. When this resolves, damage that it finds is written down and in its state. */
  examine(position: Position): Promise<void>
  /** Returns how the listener leaves. */
  listen(listener: WriterListener): () => void
}

export function isDamaged(damaged: readonly DamagedRange[], position: Position): boolean {
  return damaged.some(({ from, to }) => from <= position && position <= to)
}
