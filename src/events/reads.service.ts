// Reads for a caller over HTTP: pages with cursors, single events, and streams by revision.
import { Readable } from 'node:stream'
import { Injectable } from '@nestjs/common'
import { remapPointers } from '../appending/append-body.js'
import { streamState } from '../appending/preconditions.js'
import type { Access } from '../auth/access.js'
import { CostlyReads } from '../auth/costly-reads.js'
import { codeOf, StoreError } from '../contract/errors.js'
import type { Position, RecordedEvent } from '../contract/event.js'
import { EventStore, type ReadRequest, type StreamInfo } from '../contract/event-store.js'
import { LIMITS } from '../contract/limits.js'
import { decimalPosition } from '../contract/moment.js'
import { SkippedDamage, type SkippedRange } from '../contract/skipped-damage.js'
import { Feed } from '../following/feed.js'
import { commonWith, type InCommon } from '../streaming/known-lineage.js'
import {
  inQuery,
  isCostly,
  limitBeyond,
  type OnDamaged,
  type ReadPlan,
  type ReadQuery,
  readPlan,
  type Upcast,
} from '../streaming/read-query.js'
import { UpcastView } from '../streaming/upcast-view.service.js'
import type { HttpExchange } from '../wire/http.decorator.js'
import { type EventPage, readPage } from './read-page.js'
import { firstKept, type StreamQuery, streamRequest } from './stream-page.js'

export interface EventsRead {
  readonly events: readonly RecordedEvent[]
  readonly next: string | null
  readonly head: number
  /** What the page passes over; undefined where it must not pass over anything. */
  readonly damaged: readonly SkippedRange[] | undefined
}

export interface StreamRead {
  readonly events: readonly RecordedEvent[]
  readonly next: number | null
  readonly damaged: readonly SkippedRange[] | undefined
}

export interface StreamReadQuery extends Omit<StreamQuery, 'limit'> {
  readonly limit?: number
  readonly upcast?: Upcast
  readonly onDamaged?: OnDamaged
}

@Injectable()
export class Reads {
  constructor(
    private readonly store: EventStore,
    private readonly views: UpcastView,
    private readonly costly: CostlyReads,
    private readonly feed: Feed,
  ) {}

  get head(): Position {
    return this.store.head()
  }

  plan(query: ReadQuery, access: Access, http: HttpExchange): ReadPlan {
    return readPlan(query, access.within('events.read'), this.store.head(), this.commonWith(http))
  }

  commonWith({ request }: HttpExchange): InCommon | undefined {
    return commonWith(request.headers, this.store.lineage())
  }

  async page(
    plan: ReadPlan,
    access: Access,
    http: HttpExchange,
    limit: number = LIMITS.readLimitDefault,
  ): Promise<EventsRead> {
    const skipped = plan.skipDamaged ? new SkippedDamage(plan.order) : undefined
    const request = { ...skipping(skipped, plan.request), ...limitBeyond(limit) }
    const read = () => readPage(this.views.of(this.store.read(request), plan.upcast), limit)
    let page: EventPage
    try {
      page = await (isCostly(plan, limit) ? this.costly.run(access, http, read) : read())
    } catch (error) {
      page = await this.pageFromMemory(error, plan, request, limit)
    }
    const { events, more } = page
    const last = events.at(-1)
    const damaged = damagedOf(skipped, more ? last : undefined)
    return {
      events,
      next: more && last !== undefined ? plan.cursorAfter(last.position) : null,
      head: plan.head,
      damaged,
    }
  }

  /** Throws the error unless storage is gone and all of the page lies in memory: a shorter page would be a wrong one. */
  private pageFromMemory(error: unknown, { upcast }: ReadPlan, request: ReadRequest, limit: number) {
    const remembered = codeOf(error) === 'STORAGE_UNAVAILABLE' ? this.feed.fromMemory(request) : undefined
    if (remembered === undefined) throw error
    return readPage(this.views.of(Readable.from(remembered), upcast), limit)
  }

  /** A decimal number is a position, any other key an id. Throws NOT_FOUND, also for an event that may not be read. */
  async event(key: string, access: Access, upcast: Upcast): Promise<RecordedEvent> {
    const event = await this.store.find(decimalPosition(key) ?? key)
    if (event === undefined || !access.covers('events.read', event.stream)) {
      throw new StoreError('NOT_FOUND', 'There is no event with this id or position, or the token may not read it.')
    }
    return this.views.ofOne(event, upcast)
  }

  async streamInfo(stream: string, access: Access): Promise<StreamInfo> {
    const info = access.covers('events.read', stream) ? await this.store.stream(stream) : undefined
    if (info === undefined) {
      throw new StoreError('NOT_FOUND', 'There is no stream of this name, or the token may not read it.')
    }
    return info
  }

  /** What the tags of the stream's answers name. */
  async streamState(info: StreamInfo): Promise<string> {
    return streamState(info.revision, await firstKept(this.store, info))
  }

  async stream(info: StreamInfo, query: StreamReadQuery): Promise<StreamRead> {
    const limit = query.limit ?? LIMITS.readLimitDefault
    const skipped = query.onDamaged === 'skip' ? new SkippedDamage(query.order) : undefined
    const request = skipping(skipped, await streamRequest(this.store, info, { ...query, limit }))
    const { events, more } = await readPage(this.views.of(this.store.read(request), query.upcast), limit)
    const last = events.at(-1)
    const damaged = damagedOf(skipped, more ? last : undefined)
    if (!more || last === undefined) return { events, next: null, damaged }
    return { events, next: query.order === 'desc' ? last.revision - 1 : last.revision + 1, damaged }
  }
}

function skipping(skipped: SkippedDamage | undefined, request: ReadRequest): ReadRequest {
  return skipped === undefined ? request : { ...request, onDamaged: skipped.note }
}

/** The read looks further than the page reaches. What it met behind the last event belongs to the next page. */
function damagedOf(
  skipped: SkippedDamage | undefined,
  last: RecordedEvent | undefined,
): readonly SkippedRange[] | undefined {
  return last === undefined ? skipped?.rest() : skipped?.before(last.position)
}

/** Rewrites the store's pointers in a refusal to the query parameters they came from. */
export async function inWordsOfQuery<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw error instanceof StoreError ? remapPointers(inQuery, error) : error
  }
}
