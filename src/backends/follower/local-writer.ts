// The writer in the same thread as its followers. It outlasts the store, which may be closed and opened again.
import { StoreError } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import type { Appended, AppendTerms } from '../../contract/event-store.js'
import type { Lineage } from '../../contract/lineage.js'
import type { Observer } from '../../contract/observer.js'
import type { PreparedAppend } from '../../record/append-request.js'
import type { EmbeddedStore } from '../embedded/embedded-store.js'
import type { LogWriter, WriterListener, WriterState } from './writer.js'

export class LocalWriter implements LogWriter {
  /** Must be an observer of each store that is attached. */
  readonly observer: Observer
  private readonly listeners = new Set<WriterListener>()
  private store: EmbeddedStore | undefined
  /** The head that followers have seen last, for the time without a store. */
  private seen: Position = 0

  constructor() {
    const moved = () => {
      for (const listener of this.listeners) listener.moved(0)
    }
    const changed = () => {
      for (const listener of this.listeners) listener.changed()
    }
    this.observer = {
      appended: moved,
      rotated: changed,
      archived: changed,
      retired: changed,
      cleanedUp: changed,
      restored: changed,
      damaged: changed,
    }
  }

  attach(store: EmbeddedStore): void {
    this.store = store
    for (const listener of this.listeners) listener.changed()
    for (const listener of this.listeners) listener.moved(0)
  }

  /** The store is gone, in order or not. Followers serve what they have. */
  detach(): void {
    this.seen = this.head
    this.store = undefined
  }

  get head(): Position {
    return this.store?.head() ?? this.seen
  }

  state(): WriterState {
    if (this.store !== undefined) return this.store.status()
    const write = { writable: false, reason: 'closed', detail: 'the writer of the log is gone' } as const
    return { write, damaged: [], queued: 0, queuedBytes: 0 }
  }

  lineage(): Lineage {
    return this.present().lineage()
  }

  owned(): boolean {
    return this.store?.owned() ?? false
  }

  async append(prepared: PreparedAppend, terms?: AppendTerms): Promise<Appended> {
    return this.present().appendPrepared(prepared, terms)
  }

  settled(untilNs: bigint): Promise<void> | undefined {
    return this.store?.settled(untilNs)
  }

  async examine(position: Position): Promise<void> {
    // What the read says is in the state of the writer by now, if it is damage, and no concern of the caller otherwise.
    await this.store?.find(position).catch(() => undefined)
  }

  listen(listener: WriterListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private present(): EmbeddedStore {
    if (this.store === undefined) throw new StoreError('STORAGE_UNAVAILABLE', 'the writer of the log is gone')
    return this.store
  }
}
