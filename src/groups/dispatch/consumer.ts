// A consumer that stays: it takes deliveries whenever it has room for them, until it is stopped or its group is gone.

import { GROUP_LIMITS } from '../state/group-limits.js'
import type { Group } from './group.js'
import type { Delivery, Take } from './pending-take.js'

export interface ConsumerPart {
  /** The most unsettled deliveries that it holds at once. */
  readonly maxInFlight: number
  /** What one take gave. A returned promise is awaited before the next take, so a slow consumer is not given more. */
  readonly onDeliveries: (deliveries: readonly Delivery[]) => void | Promise<void>
  /** Called once with the error that ended it; not called when it was stopped. */
  readonly onEnd: (error: unknown) => void
}

export class Consumer {
  private readonly stopping = new AbortController()
  /** The deadlines of its unsettled deliveries, by token. */
  private readonly held = new Map<string, number>()
  private wake: () => void = () => undefined

  constructor(
    /** Called in each round, because an idle group may be closed and opened again. */
    private readonly group: () => Promise<Group>,
    private readonly who: Pick<Take, 'consumer' | 'scope' | 'stillGood'>,
    private readonly part: ConsumerPart,
  ) {
    void this.run()
  }

  /** It takes nothing more; its unsettled deliveries stay its own until their deadlines. */
  stop(): void {
    this.stopping.abort()
    this.wake()
  }

  /** Makes room for further deliveries. */
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
    if (given.length > 0) await this.part.onDeliveries(given)
  }

  /** Resolves when something is settled, a deadline has passed, or the group has ended and must be opened again. */
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
