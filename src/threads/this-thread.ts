// What this thread is among those of its process.
import type { ThreadCalls } from './thread-calls.js'

/** The thread that owns the data directory; the only one, where there is one. */
export const WRITER_THREAD = 0

export class ThisThread {
  constructor(
    /** 0 is the writer; front threads count from 1, and one that replaces another has its number. */
    readonly number = WRITER_THREAD,
    /** What a front thread asks and tells the writer; undefined in the writer itself. */
    readonly writer?: ThreadCalls,
  ) {}

  get isFront(): boolean {
    return this.writer !== undefined
  }
}
