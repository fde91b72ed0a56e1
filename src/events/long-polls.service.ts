// Waits for events that match: looks at what is there, then sleeps until something comes that matches.
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
  /** Empty when nothing matched in time. */
  readonly events: readonly RecordedEvent[]
  /** Everything up to here has been looked at: the next wait goes on behind it. */
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
   * Whoever waits when the server ends is answered with its position, and can wait elsewhere. `onGone` takes what to do
   * when the caller is gone.
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
        // The read went at least as far as the head did before it, unless the page was full.
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
      // What is damaged may be an event that does not match: a read by the filter tells.
      if (codeOf(error) === 'DATA_CORRUPT') return { found: true, position }
      throw error
    }
  }
}
