// What this thread is among those of its process.
import type { MessagePort } from 'node:worker_threads'
import type { ThreadCalls } from './thread-calls.js'

/** The thread that owns the data directory; the only one, where there is one. */
export const WRITER_THREAD = 0

/** How a front thread follows the log of the writer. */
export interface LogPort {
  readonly port: MessagePort
  /** Holds the head of the log. */
  readonly memory: SharedArrayBuffer
}

export class ThisThread {
  constructor(
    /** 0 is the writer; front threads count from 1, and one that replaces another has its number. */
    readonly number = WRITER_THREAD,
    /** What a front thread asks and tells the writer; undefined in the writer itself. */
    readonly writer?: ThreadCalls,
    readonly log?: LogPort,
    /** How many front threads a writer has; 0 where it is the only thread. */
    readonly fronts = 0,
  ) {}

  get isFront(): boolean {
    return this.writer !== undefined
  }
}
