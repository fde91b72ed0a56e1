// Finding followers by their filters: everybody who matches is found, once, and who names something else is not asked.
import fc from 'fast-check'
import { WatchedStore } from '../../test/support/memory-store.js'
import type { RecordedEvent } from '../contract/event.js'
import { type EventFilter, filterMatches } from '../contract/filter.js'
import { FollowerIndex, isWide } from './follower-index.js'

const some = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
const filters: fc.Arbitrary<EventFilter> = fc.record(
  {
    streams: some('a', 'b', 'a*', '*'),
    types: some('T', 'U', '*'),
    tags: some('x', 'y'),
    agents: some('me', 'you'),
    correlationId: fc.constantFrom('c', 'd'),
    causationId: fc.constantFrom('e', 'f'),
    sessionId: fc.constantFrom('s', 't'),
  },
  { requiredKeys: [] },
)
const newEvents = fc.record(
  {
    type: fc.constantFrom('T', 'U'),
    stream: fc.constantFrom('a', 'b', 'ab'),
    data: fc.constant({}),
    tags: fc.uniqueArray(fc.constantFrom('x', 'y'), { maxLength: 2 }),
    correlationId: fc.constantFrom('c', 'd'),
    causationId: fc.constantFrom('e', 'f'),
    sessionId: fc.constantFrom('s', 't'),
  },
  { requiredKeys: ['type', 'stream', 'data'] },
)

async function recorded(event: object): Promise<RecordedEvent> {
  const store = new WatchedStore()
  await store.append({ events: [event as never], author: { agentId: 'me' } })
  return (await store.find(1)) as RecordedEvent
}

test('whoever matches is among the candidates, once, as long as it stands', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(filters, { maxLength: 20 }), newEvents, fc.nat(20), async (all, made, gone) => {
      const standing = new FollowerIndex<{ readonly filter: EventFilter }>()
      const followers = all.map(filter => ({ filter }))
      for (const follower of followers) standing.add(follower)
      const left = followers[gone]
      if (left !== undefined) standing.delete(left)
      const event = await recorded(made)
      const found = [...standing.candidates(event)]
      expect(new Set(found).size).toBe(found.length)
      const matching = followers.filter(({ filter }) => filterMatches(filter, event))
      expect(new Set(found.filter(({ filter }) => filterMatches(filter, event)))).toEqual(
        new Set(matching.filter(follower => follower !== left)),
      )
    }),
  )
})

test('ten thousand who name other streams are not asked', async () => {
  const standing = new FollowerIndex<{ readonly filter: EventFilter }>()
  for (let n = 0; n < 10_000; n++) standing.add({ filter: { streams: [`nobody-${n}`] } })
  standing.add({ filter: { streams: ['a', 'b'], within: ['*'] } })
  const event = await recorded({ type: 'T', stream: 'a', data: {} })
  expect([...standing.candidates(event)]).toEqual([{ filter: { streams: ['a', 'b'], within: ['*'] } }])
})

test('wide is what names nothing exactly, or holds many characters of patterns', () => {
  const wide: EventFilter[] = [
    {},
    { within: ['public_*'] },
    { streams: ['a', 'b*'] },
    { types: ['*'], streams: ['b*'] },
  ]
  const narrow: EventFilter[] = [
    { streams: ['a'] },
    { types: ['T'], streams: ['b*'] },
    { causationId: 'e' },
    { tags: ['x'] },
  ]
  expect(wide.filter(filter => !isWide(filter))).toEqual([])
  expect(narrow.filter(isWide)).toEqual([])
  const many = Array.from({ length: 9 }, () => `${'a'.repeat(127)}*`)
  expect([isWide({ types: ['T'], streams: many.slice(1) }), isWide({ types: ['T'], streams: many })]).toEqual([
    false,
    true,
  ])
})
