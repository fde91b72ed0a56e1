// Structured queries: the request, and the answer as single events or as pages that report how they were found.
import type { CallOptions } from './call.js'
import type { AnyEvent, EventShape, JsonValue, Position, RecordedEvent } from './event.js'
import { limitOf } from './filter.js'
import type { Http } from './http.js'

export type Scalar = string | number | boolean | null

/** What is compared with one field: a value, which it equals, or operators that must all hold. */
export type Compared =
  | Scalar
  | {
      readonly eq?: Scalar
      readonly ne?: Scalar
      readonly gt?: string | number
      readonly gte?: string | number
      readonly lt?: string | number
      readonly lte?: string | number
      readonly in?: readonly Scalar[]
      readonly nin?: readonly Scalar[]
      readonly exists?: boolean
      readonly like?: string
    }

/** What the long form names, and no event has as a field. */
type LongField = 'field' | 'op' | 'value' | 'and' | 'or' | 'not'

/**
 * The short form names fields, which must all hold: `{ type: 'TaskDone', 'data.score': { gte: 0.8 } }`. A field is any
 * field of an event or a path below it: `data.items.0.name`, or as a JSON Pointer `/data/a.b`.
 */
export type Where =
  | ({ readonly [field: string]: Compared } & { readonly [Long in LongField]?: never })
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
  /** By ascending position when it is left out. */
  readonly orderBy?: { readonly field: string; readonly order?: 'asc' | 'desc' | undefined } | undefined
  /** The result ends after this many events; without it, it holds all that match. */
  readonly limit?: number | undefined
  /** A page has at most this many events; default 1,000. */
  readonly pageSize?: number | undefined
}

/** The result has only these fields, each under its path as it was written. */
export interface SelectRequest extends QueryRequest {
  readonly select: readonly string[]
}

export interface SelectedRow {
  readonly id: string
  readonly position: Position
  readonly [path: string]: JsonValue | undefined
}

export interface QueryPlan {
  /** The indexes that were used, or that there were none. */
  readonly index: string
  /** The number of events that were read and compared with the query. */
  readonly scanned: number
  readonly matched: number
  readonly ms: number
}

export interface QueryPage<Row> {
  /** A page may be short or empty although more pages follow, so only the end of `pages()` is the end. */
  readonly events: readonly Row[]
  readonly plan: QueryPlan
}

const PAGE_SIZE = 1_000

/** The result of a query. It sends no request until it is iterated, event by event or page by page. */
export class QueryResult<Row> implements AsyncIterable<Row> {
  private total: QueryPlan | undefined

  constructor(
    private readonly http: Http,
    private readonly request: QueryRequest | SelectRequest,
  ) {}

  /** The sum over all pages that have arrived so far; undefined before the first. */
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
