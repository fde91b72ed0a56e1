// The record of what was denied: few events whatever is tried, and nothing lost from the count.
import { Journal } from './journal.js'

const denial = (who: string) => ({ reason: 'FORBIDDEN' as const, who, route: '/v1/events', detail: 'no scope' })

test('the same caller, reason and route are one event with a count', () => {
  const journal = new Journal(() => new Date(0))
  expect([1, 2, 3].map(() => journal.note(denial('a')))).toEqual([true, false, false])
  journal.note(denial('b'))
  expect(journal.take()).toEqual([
    {
      type: 'access.denied',
      stream: '$security',
      data: { ...denial('a'), first: '1970-01-01T00:00:00.000Z', count: 3 },
    },
    expect.objectContaining({ data: expect.objectContaining({ who: 'b', count: 1 }) }),
  ])
  expect(journal.take()).toEqual([])
  expect(journal.note(denial('a'))).toBe(true)
})

test('ten thousand callers are a hundred events and a number', () => {
  const journal = new Journal()
  for (let i = 0; i < 10_000; i++) journal.note(denial(`a${i}`))
  const events = journal.take()
  expect(events).toHaveLength(101)
  expect(events.at(-1)).toMatchObject({ data: { reason: 'MANY', count: 9_900 } })
})
