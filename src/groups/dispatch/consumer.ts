// A consumer that stays: it is given deliveries as long as it has room for them, until it stops or its group ends.

import { GROUP_LIMITS } from '../state/group-limits.js'
import type { Group } from './group.js'
import type { Delivery, Take } from './pending-take.js'

export interface ConsumerPart {
  /** Deliveries it has at once. */
  readonly maxInFlight: number
  /** What it promises is awaited before it is given more. */
  readonly onDelivery: (delivery: Delivery) => void | Promise<void>
  /** Once, unless it was stopped: with the problem that ended it. */
  readonly onEnd: (error: unknown) => void
}

export class Consumer {
  private readonly stopping = new AbortController()
  /** What it has and has not settled, with the deadlines. */
  private readonly held = new Map<string, number>()
  private wake: () => void = () => undefined

  constructor(
    /** Asked for each time, because a group may be let go and opened again. */
    private readonly group: () => Promise<Group>,
    private readonly who: Pick<Take, 'consumer' | 'scope' | 'stillGood'>,
    private readonly part: ConsumerPart,
  ) {
    void this.run()
  }

  /** It is given nothing more; what it has stays its own until the deadlines. */
  stop(): void {
    this.stopping.abort()
    this.wake()
  }

  /** These are off its hands. */
  settled(tokens: readonly string[]): void {
    for (const token of tokens) this.held.delete(token)
    this.wake()
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping
    try {
      while (!signal.aborted) {
        const group = await this.group()
        const room = this.room(group.now)
        if (room > 0) await this.take(group, Math.min(room, GROUP_LIMITS.takeMax))
        else await this.change(group)
      }
    } catch (error) {
      if (!signal.aborted) this.part.onEnd(error)
    }
  }

  private room(now: number): number {
    for (const [token, deadlineMs] of this.held) if (deadlineMs <= now) this.held.delete(token)
    return this.part.maxInFlight - this.held.size
  }

  private async take(group: Group, max: number): Promise<void> {
    const { signal } = this.stopping
    const given = await group.take({ ...this.who, max, waitMs: Number.POSITIVE_INFINITY, signal })
    for (const { token, deadlineMs } of given) this.held.set(token, deadlineMs)
    for (const delivery of given) await this.part.onDelivery(delivery)
  }

  /** Something is settled, a deadline has passed, or the group has ended. */
  private change(group: Group): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = Math.min(...this.held.values())
    const timer = setTimeout(() => this.wake(), Math.max(1, first - group.now))
    timer.unref()
    this.wake = () => {
      clearTimeout(timer)
      group.endListeners.delete(this.wake)
      this.wake = () => undefined
      resolve()
    }
    group.endListeners.add(this.wake)
    return promise
  }
}
