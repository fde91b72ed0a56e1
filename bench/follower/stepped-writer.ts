// A writer that is gone, but whose head moves through the log that it left, as fast as the follower follows.
import type { LogWriter, WriterListener, WriterState } from '../../src/backends/follower/writer.js'
import type { Appended } from '../../src/contract/event-store.js'
import type { Lineage } from '../../src/contract/lineage.js'

export class SteppedWriter implements LogWriter {
  head = 0
  private listener: WriterListener | undefined

  moveTo(head: number): void {
    this.head = head
    this.listener?.moved(0)
  }

  state(): WriterState {
    return { write: { writable: true }, damaged: [], queued: 0, queuedBytes: 0 }
  }

  listen(listener: WriterListener): () => void {
    this.listener = listener
    return () => {
      this.listener = undefined
    }
  }

  owned(): boolean {
    return false
  }

  settled(): undefined {
    return undefined
  }

  async examine(): Promise<void> {}

  lineage(): Lineage {
    throw new Error('nobody asks the bench')
  }

  append(): Promise<Appended> {
    return Promise.reject(new Error('nothing is appended while it is followed'))
  }
}
