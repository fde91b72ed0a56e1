// What subscribers of the checker ask for, in the words of frames and of queries, and what writers write for them.
import { type EventFilter, type Filterable, filterMatches } from '../../src/contract/filter.js'
import type { Random } from '../support/random.js'

export interface Asked {
  readonly name: string
  readonly filter: EventFilter
  readonly query: string
}

/** Each matches the event that ends a run. */
export const FILTERS: readonly Asked[] = [
  { name: 'everything', filter: {}, query: '' },
  { name: 'one stream and the end', filter: { streams: ['s3', 'end'] }, query: '&stream=s3&stream=end' },
  {
    name: 'streams by glob',
    filter: { streams: ['s*', 'e*'], types: ['B', 'End'] },
    query: '&stream=s*&stream=e*&type=B&type=End',
  },
  { name: 'a tag', filter: { tags: ['third'] }, query: '&tag=third' },
  { name: 'a session', filter: { sessionId: 'x' }, query: '&session=x' },
]

export const END = { type: 'End', stream: 'end', data: {}, tags: ['third'], sessionId: 'x' }

export function madeEvent(random: Random): Record<string, unknown> {
  return {
    type: random.pick(['A', 'B', 'C']),
    stream: `s${random.below(8)}`,
    data: { text: 'x'.repeat(random.chance(0.1) ? 20_000 : random.below(3_000)) },
    ...(random.chance(0.33) ? { tags: ['third'] } : undefined),
    ...(random.chance(0.02) ? { sessionId: 'x' } : undefined),
  }
}

export function isAsked({ filter }: Asked, event: Filterable): boolean {
  return filterMatches(filter, event)
}
