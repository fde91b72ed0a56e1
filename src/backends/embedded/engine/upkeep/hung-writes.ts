// Gives up on a write that does not come back: its callers are told that nobody knows, and nothing is written any more.
import type { Latch } from '../disk/latch.js'

/** Who writes, one batch at a time. */
export interface Writer {
  /** The batch that is being written, another object for each; undefined while none is. */
  readonly busyWith: object | undefined
  /** Answers everybody who waits for a write, now and from now on. */
  abandon(detail: string): void
}

/** A batch hangs when so many looks in a row have found it under way. */
const LOOKS = 10

/**
 * Looks from a timer of its own, so that an append pays nothing for it. Looks are counted, not time, because a machine
 * that was suspended in the middle of a write has not waited for it.
 */
export class HungWrites {
  private readonly timer: NodeJS.Timeout | undefined
  private seen: object | undefined
  private looks = 0
  private hung = false

  constructor(
    private readonly writer: Writer,
    private readonly latch: Latch,
    private readonly timeoutMs: number,
    private readonly tell: (write: { readonly hung: boolean; readonly ms: number }) => void,
  ) {
    if (timeoutMs > 0) this.timer = setInterval(() => this.look(), timeoutMs / LOOKS).unref()
  }

  close(): void {
    clearInterval(this.timer)
  }

  private look(): void {
    const { busyWith } = this.writer
    this.looks = busyWith !== undefined && busyWith === this.seen ? this.looks + 1 : 0
    this.seen = busyWith
    if (this.hung ? this.looks === 0 : this.looks >= LOOKS) this.turn()
  }

  /** The latch stays when the write comes back (W6): what it was in the middle of is for the next start to find out. */
  private turn(): void {
    const { timeoutMs: ms } = this
    this.hung = !this.hung
    this.tell({ hung: this.hung, ms })
    if (!this.hung) return
    const detail = `a write did not come back within ${ms / 1_000} s`
    this.latch.trip(Object.assign(new Error(`ETIMEDOUT: ${detail}`), { code: 'ETIMEDOUT' }))
    this.writer.abandon(detail)
  }
}
