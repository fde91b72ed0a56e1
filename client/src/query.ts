// Structured queries: what they may ask, and their answer as events one by one, or as pages that say how they were found.
import type { CallOptions } from './call.js'
import type { AnyEvent, EventShape, JsonValue, Position, RecordedEvent } from './event.js'
import { limitOf } from './filter.js'
import type { Http } from './http.js'

export type Scalar = string | number | boolean | null

/** `field` is any field of an event, or a path below it: `data.items.0.name`, or as a JSON Pointer `/data/a.b`. */
export type Where =
  | { readonly field: string; readonly op: 'eq' | 'ne'; readonly value: Scalar }
  | { readonly field: string; readonly op: 'gt' | 'gte' | 'lt' | 'lte'; readonly value: string | number }
  | { readonly field: string; readonly op: 'in' | 'nin'; readonly value: readonly Scalar[] }
  | { readonly field: string; readonly op: 'exists'; readonly value?: boolean }
  | { readonly field: string; readonly op: 'like'; readonly value: string }
  | { readonly and: readonly Where[] }
  | { readonly or: readonly Where[] }
  | { readonly not: Where }

export interface QueryRequest extends CallOptions {
  readonly where: Where
  /** Ascending position unless said otherwise. */
  readonly orderBy?: { readonly field: string; readonly order?: 'asc' | 'desc' | undefined } | undefined
  /** The most events there will be; none: all. */
  readonly limit?: number | undefined
  /** The most events on a page; default 1,000. */
  readonly pageSize?: number | undefined
}

/** Answered with these fields alone, each under its path as written. */
export interface SelectRequest extends QueryRequest {
  readonly select: readonly string[]
}

export interface SelectedRow {
  readonly id: string
  readonly position: Position
  readonly [path: string]: JsonValue | undefined
}

/** How a query was answered. */
export interface QueryPlan {
  /** The indexes used, or that there were none. */
  readonly index: string
  /** Events read and held against the query. */
  readonly scanned: number
  readonly matched: number
  readonly ms: number
}

export interface QueryPage<Row> {
  /** A page may be short, or empty, and others follow. */
  readonly events: readonly Row[]
  readonly plan: QueryPlan
}

const PAGE_SIZE = 1_000

/** The answer of a query: nothing is asked until it is iterated, event by event or page by page. */
export class QueryResult<Row> implements AsyncIterable<Row> {
  private total: QueryPlan | undefined

  constructor(
    private readonly http: Http,
    private readonly request: QueryRequest | SelectRequest,
  ) {}

  /** Of all pages that have come so far, added up. */
  get plan(): QueryPlan | undefined {
    return this.total
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, void> {
    for await (const page of this.pages()) yield* page.events
  }

  async *pages(): AsyncGenerator<QueryPage<Row>, void, void> {
    const { signal, context, limit, pageSize = PAGE_SIZE, ...asked } = this.request
    let left = limitOf(limit)
    let cursor: string | undefined
    this.total = undefined
    while (left > 0) {
      const body = JSON.stringify({ ...asked, limit: Math.min(left, pageSize), cursor })
      const answer = await this.http.call({ method: 'POST', path: 'v1/events/query', body }, { signal, context })
      const { events, plan, next } = answer.body as QueryPage<Row> & { readonly next: string | null }
      this.total = added(this.total, plan)
      left -= events.length
      yield { events, plan }
      if (next === null) return
      cursor = next
    }
  }
}

export type QueryEvents<S extends EventShape = AnyEvent> = QueryResult<RecordedEvent<S>>

function added(before: QueryPlan | undefined, { index, scanned, matched, ms }: QueryPlan): QueryPlan {
  if (before === undefined) return { index, scanned, matched, ms }
  return { index, scanned: before.scanned + scanned, matched: before.matched + matched, ms: before.ms + ms }
}
