// Waits for events that match: sleeps on the head, and when it moves looks at what is new and at nothing else.
import { Injectable, type OnModuleDestroy } from '@nestjs/common'
import { StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import type { EventFilter } from '../contract/filter.js'
import { readPage } from './read-page.js'
import { limitBeyond } from './read-query.js'
import { type Upcast, Views } from './views.service.js'

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
export class Waits implements OnModuleDestroy {
  private readonly open = new Set<AbortController>()
  private ending = false

  constructor(
    private readonly store: EventStore,
    private readonly views: Views,
  ) {}

  /** Whoever waits is answered now with its position, and can wait elsewhere. */
  onModuleDestroy(): void {
    this.ending = true
    for (const patience of this.open) patience.abort()
  }

  /** `onGone` takes what to do when the caller is gone. */
  async wait(wait: Wait, onGone: (leave: () => void) => void): Promise<Waited> {
    if (this.ending) throw new StoreError('CLOSED', 'The server is shutting down: wait at another one.')
    const patience = new AbortController()
    const giveUp = () => patience.abort()
    const timer = setTimeout(giveUp, wait.timeoutMs)
    onGone(giveUp)
    this.open.add(patience)
    try {
      return await this.look(wait, patience.signal)
    } finally {
      clearTimeout(timer)
      this.open.delete(patience)
    }
  }

  private async look({ filter, after, limit, upcast }: Wait, signal: AbortSignal): Promise<Waited> {
    let position = after
    for (;;) {
      const head = this.store.head()
      if (head > position) {
        const source = this.store.read({ filter, after: position, ...limitBeyond(limit) })
        const { events, more } = await readPage(this.views.of(source, upcast), limit)
        // The read went at least as far as the head did before it, unless the page was full.
        const last = events.at(-1)?.position ?? 0
        position = more ? last : Math.max(head, last)
        if (events.length > 0) return { events, position, head: Math.max(head, last) }
      }
      if (!(await this.moved(position, signal))) return { events: [], position, head: this.store.head() }
    }
  }

  private async moved(position: Position, signal: AbortSignal): Promise<boolean> {
    try {
      await this.store.beyond(position, signal)
      return !signal.aborted
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
  }
}
