// Finds causes, effects and whole stories among the events that the caller may read.
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { causesOf, type EventFilter } from '../contract/filter.js'
import { LIMITS } from '../contract/limits.js'
import { decimalPosition, knownPosition } from '../contract/moment.js'
import { causesGraph, effectsGraph, type Graph, type GraphLimits, type GraphLink, linksTo } from './causal-graph.js'

export interface Story {
  readonly events: readonly RecordedEvent[]
  readonly links: readonly GraphLink[]
  readonly outside: readonly string[]
  readonly next: Position | null
}

@Injectable()
export class Causation {
  constructor(private readonly store: EventStore) {}

  async causes(key: string, access: Access, limits: GraphLimits): Promise<Graph> {
    return causesGraph(await this.event(key, access), id => this.readable(id, access), limits)
  }

  async effects(key: string, access: Access, limits: GraphLimits): Promise<Graph> {
    return effectsGraph(await this.event(key, access), (ids, limit) => this.effectsOf(ids, limit, access), limits)
  }

  async story(
    correlationId: string,
    access: Access,
    { after, limit }: { after: Position; limit: number },
  ): Promise<Story> {
    knownPosition(after, this.store.head())
    const events: RecordedEvent[] = []
    const filter = seenBy(access, { correlationId })
    // No event can have a longer correlation id, and the store would refuse the filter instead of finding nothing.
    if (correlationId.length <= LIMITS.referenceChars)
      for await (const event of this.store.read({ filter, after, limit: limit + 1 })) events.push(event)
    if (events.length === 0 && after === 0) {
      throw new StoreError('NOT_FOUND', 'No event has this correlation id, or the token may read none of them.')
    }
    const page = events.slice(0, limit)
    const ids = page.map(({ id }) => id)
    const known = new Set(ids)
    const outside = new Set(page.flatMap(event => causesOf(event).filter(id => !known.has(id))))
    return {
      events: page,
      links: page.flatMap(event => linksTo(event, causesOf(event))),
      outside: [...outside],
      next: events.length > limit ? (page.at(-1) as RecordedEvent).position : null,
    }
  }

  private async event(key: string, access: Access): Promise<RecordedEvent> {
    const event = await this.readable(decimalPosition(key) ?? key, access)
    if (event !== undefined) return event
    throw new StoreError('NOT_FOUND', 'There is no event with this id or position, or the token may not read it.')
  }

  private async readable(key: string | Position, access: Access): Promise<RecordedEvent | undefined> {
    const event = await this.store.find(key)
    return event !== undefined && access.covers('events.read', event.stream) ? event : undefined
  }

  private async effectsOf(ids: readonly string[], limit: number, access: Access): Promise<RecordedEvent[]> {
    const found = new Map<Position, RecordedEvent>()
    for (let from = 0; from < ids.length; from += LIMITS.filterValues) {
      const filter = seenBy(access, { causes: ids.slice(from, from + LIMITS.filterValues) })
      for await (const event of this.store.read({ filter, limit })) found.set(event.position, event)
    }
    return [...found.values()].sort((one, other) => one.position - other.position)
  }
}

function seenBy(access: Access, filter: EventFilter): EventFilter {
  const within = access.within('events.read')
  return within === undefined ? filter : { ...filter, within }
}
