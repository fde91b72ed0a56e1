// Answers a query: plans it, scans what the plan leaves, collects the matches and reports how it ran.
import { Injectable } from '@nestjs/common'
import type { FieldPath } from '../contract/check/field-path.js'
import { invalid, StoreError } from '../contract/errors.js'
import type { Position } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { knownPosition } from '../contract/moment.js'
import { planQuery, type QueryPlan } from './plan-query.js'
import { type Predicate, predicateOf } from './predicate.js'
import { writeQueryCursor } from './query-cursor.js'
import { SCAN_BUDGET, type ScanBudget } from './query-limits.js'
import { QueryWalk, type Stretch } from './query-walk.js'
import type { Query } from './read-query-body.js'
import { type PageForm, ResultPage } from './result-page.js'
import { comparePlaces, FirstPlaces, type SortPlace, sortKeyOf } from './sort-key.js'

/** How many of the sorted matches are read at a time. */
const FOUND_TOGETHER = 64

interface Run {
  readonly query: Query
  readonly plan: QueryPlan
  readonly matches: Predicate
  readonly head: Position
  readonly page: ResultPage
}

@Injectable()
export class Queries {
  /** Constant in production; tests set a smaller one to see it run out. */
  budget: ScanBudget = SCAN_BUDGET

  constructor(private readonly store: EventStore) {}

  /** `within` limits what the caller may query; an event outside it shows in no page, cursor or count. */
  answer(query: Query, within: readonly string[] | undefined, form: PageForm): Promise<string | Buffer> {
    const now = this.store.head()
    if (query.cursor !== undefined) knownPosition(query.cursor.position, now, '/cursor')
    // After a restore the head may be lower than the one in an older cursor.
    const head = Math.min(query.cursor?.head ?? now, now)
    const run: Run = {
      query,
      plan: planQuery(query.where, within),
      matches: predicateOf(query.where),
      head,
      page: new ResultPage(form, query.select),
    }
    const { sortBy } = query
    return sortBy === undefined ? this.inOrderOfPositions(run) : this.sorted(run, sortBy)
  }

  private async inOrderOfPositions(run: Run): Promise<string | Buffer> {
    const { query, matches, head, page } = run
    const walk = this.walk(run, query.cursor?.position)
    let matched = 0
    for await (const event of walk.events()) {
      if (!matches(event)) continue
      if (!page.add(event)) break
      matched++
      // Set here, because the walk advances only when it is resumed, and `break` ends it.
      walk.at = event.position
      if (page.count === query.limit) break
    }
    const next = walk.done ? null : writeQueryCursor({ head, position: walk.at }, query.text)
    return rendered(run, walk, matched, next)
  }

  private async sorted(run: Run, sortBy: FieldPath): Promise<string | Buffer> {
    const { query, matches, head, page } = run
    const { cursor, limit, order } = query
    const last = cursor?.key === undefined ? undefined : { key: cursor.key, position: cursor.position }
    const walk = this.walk(run)
    const places = new FirstPlaces(limit, order)
    let matched = 0
    for await (const event of walk.events()) {
      if (!matches(event)) continue
      matched++
      const place: SortPlace = { key: sortKeyOf(event, sortBy), position: event.position }
      if (last === undefined || comparePlaces(place, last, order) > 0) places.add(place)
    }
    if (!walk.done) throw tooMuchToSort(walk)
    const taken = await this.fill(page, places.sorted())
    const end = places.sorted()[taken - 1]
    const next = end !== undefined && taken < places.count ? writeQueryCursor({ head, ...end }, query.text) : null
    return rendered(run, walk, matched, next)
  }

  /** Reads the matches again, so that they need not all be in memory. Returns how many places were handled. */
  private async fill(page: ResultPage, places: readonly SortPlace[]): Promise<number> {
    for (let from = 0; from < places.length; from += FOUND_TOGETHER) {
      const some = places.slice(from, from + FOUND_TOGETHER)
      const events = await Promise.all(some.map(({ position }) => this.store.find(position)))
      for (const [i, event] of events.entries()) {
        // An event that retention has removed since the scan is skipped, as a later query would not find it.
        if (event !== undefined && !page.add(event)) return from + i
      }
    }
    return places.length
  }

  private walk({ plan, head, query: { order } }: Run, from?: Position): QueryWalk {
    const first = Math.max(plan.after, this.store.status().first - 1)
    const last = Math.min(plan.before - 1, head)
    const stretch: Stretch = {
      after: order === 'asc' ? Math.max(first, from ?? 0) : first,
      to: order === 'desc' ? Math.min(last, (from ?? Number.MAX_SAFE_INTEGER) - 1) : last,
      atHead: head === this.store.head() && last === head,
    }
    return new QueryWalk(this.store, plan, stretch, { order, budget: this.budget })
  }
}

function rendered({ page, plan }: Run, walk: QueryWalk, matched: number, next: string | null): string | Buffer {
  const ms = Math.round(walk.ms * 1000) / 1000
  return page.render({ next, plan: { index: plan.index, scanned: walk.scanned, matched, ms } })
}

/** The best of an unfinished scan need not be the best of all, so no answer is given instead of a wrong one. */
function tooMuchToSort({ scanned, ms }: QueryWalk): StoreError {
  const found = `${scanned} events in ${Math.round(ms)} ms were not all there is to sort`
  const detail = `${found}: narrow where by stream, type, tags, position or timestamp, or order by position`
  return invalid('/orderBy', detail, `The query is too wide for its order; ${detail}.`)
}
