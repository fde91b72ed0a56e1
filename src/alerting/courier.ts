// Takes the notices of one channel to it, one at a time: at most one a second, and ever more slowly while it fails.
import type { Channel, Delivered } from './channel.js'
import type { Notice } from './notice.js'

const PACE_MS = 1_000
const MOST_MS = 300_000
const FAILS_FOR_LONG_MS = 300_000

export type Send = (channel: Channel, notice: Notice) => Promise<Delivered>

export class Courier {
  private isBusy = false
  private notBeforeMs = 0
  private failures = 0
  private failingSinceMs: number | undefined
  /** The notice that failed last lets the others go first, because it may be the only one that cannot be taken. */
  private failedId: string | undefined

  constructor(
    readonly channel: Channel,
    private readonly send: Send,
    private readonly random: () => number = Math.random,
  ) {}

  /** Returns what was tried; undefined when it is not yet time. */
  async take(
    nowMs: number,
    notices: () => readonly Notice[],
  ): Promise<{ readonly notice: Notice; readonly delivered: Delivered } | undefined> {
    if (this.isBusy || nowMs < this.notBeforeMs) return undefined
    const due = notices()
    const notice = due.find(({ id }) => id !== this.failedId) ?? due[0]
    if (notice === undefined) return undefined
    this.isBusy = true
    try {
      const delivered = await this.send(this.channel, notice)
      this.note(delivered, notice, nowMs)
      return { notice, delivered }
    } finally {
      this.isBusy = false
    }
  }

  failsForLong(nowMs: number): boolean {
    return this.failingSinceMs !== undefined && nowMs - this.failingSinceMs >= FAILS_FOR_LONG_MS
  }

  private note({ outcome, retryAfterMs = 0 }: Delivered, { id }: Notice, nowMs: number): void {
    if (outcome === 'delivered') {
      this.failures = 0
      this.failingSinceMs = undefined
      this.failedId = undefined
      this.notBeforeMs = nowMs + PACE_MS
      return
    }
    this.failingSinceMs ??= nowMs
    this.failedId = id
    const waitMs = Math.min(PACE_MS * 2 ** this.failures, MOST_MS)
    this.failures++
    this.notBeforeMs = nowMs + Math.max(retryAfterMs, waitMs * (0.5 + this.random() / 2))
  }
}
