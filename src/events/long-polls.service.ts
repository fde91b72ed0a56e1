// Answers long polls: reads what matches already, else sleeps until an event may match.
import { Injectable } from '@nestjs/common'
import { WorkBudgets } from '../auth/work-budgets.js'
import { checkRead } from '../contract/check/check-read.js'
import { codeOf } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import type { EventFilter } from '../contract/filter.js'
import { Feed } from '../following/feed.js'
import { isWide } from '../following/follower-index.js'
import type { Woken } from '../following/waker.js'
import { Draining } from '../streaming/draining.service.js'
import { limitBeyond, type Upcast } from '../streaming/read-query.js'
import { UpcastView } from '../streaming/upcast-view.service.js'
import { readPage } from './read-page.js'

export interface Wait {
  readonly filter: EventFilter
  readonly after: Position
  readonly limit: number
  readonly timeoutMs: number
  readonly upcast: Upcast
}

export interface Waited {
  /** Empty when nothing matched before the timeout. */
  readonly events: readonly RecordedEvent[]
  /** Every event up to here was examined, so the next wait may go on after it. */
  readonly position: Position
  readonly head: Position
}

@Injectable()
export class LongPolls {
  constructor(
    private readonly views: UpcastView,
    private readonly feed: Feed,
    private readonly budgets: WorkBudgets,
    private readonly draining: Draining,
  ) {}

  /**
   * When the server drains, a waiting caller is answered with its position and can go on elsewhere. `onGone` receives
   * the function to call when the caller leaves. Throws WORK_LIMIT, or CLOSED when the server already drains.
   */
  async wait(wait: Wait, agentId: string, onGone: (leave: () => void) => void): Promise<Waited> {
    this.draining.assertOpen()
    const { filter, after, timeoutMs } = wait
    checkRead({ filter, after })
    const release = this.budgets.takeAll(agentId, isWide(filter) ? ['waits', 'wideSubscriptions'] : ['waits'])
    const patience = new AbortController()
    const giveUp = () => patience.abort()
    const timer = setTimeout(giveUp, timeoutMs)
    onGone(giveUp)
    const undrain = this.draining.register(giveUp)
    try {
      return await this.look(wait, patience.signal)
    } finally {
      clearTimeout(timer)
      undrain()
      release()
    }
  }

  private async look({ filter, after, limit, upcast }: Wait, signal: AbortSignal): Promise<Waited> {
    let position = after
    for (;;) {
      const head = this.feed.store.head()
      if (head > position) {
        const source = this.feed.store.read({ filter, after: position, ...limitBeyond(limit) })
        const { events, more } = await readPage(this.views.of(source, upcast), limit)
        // An event later than `head` may have been read too. Only a full page ends before `head`.
        const last = events.at(-1)?.position ?? 0
        position = more ? last : Math.max(head, last)
        if (events.length > 0) return { events, position, head: Math.max(head, last) }
      }
      const woken = await this.woken(filter, position, signal)
      position = woken.position
      if (!woken.found) return { events: [], position, head: this.feed.store.head() }
    }
  }

  private async woken(filter: EventFilter, position: Position, signal: AbortSignal): Promise<Woken> {
    try {
      return await this.feed.wake(filter, position, signal)
    } catch (error) {
      // The damaged event need not match, so the read by the filter decides whether there is an error to report.
      if (codeOf(error) === 'DATA_CORRUPT') return { found: true, position }
      throw error
    }
  }
}
