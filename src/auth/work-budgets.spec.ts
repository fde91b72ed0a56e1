// What one agent holds at a time: up to its limit, given back once, and nobody pays for another.
import { brokenRelations, DEFAULT_WORK_LIMITS } from '../contract/work-limits.js'
import { WorkBudgets } from './work-budgets.js'

const small = new WorkBudgets({ ...DEFAULT_WORK_LIMITS, waits: 2 })

test('up to the limit, then a problem that names it, and room again when something ends', () => {
  const first = small.take('a', 'waits')
  small.take('a', 'waits')
  expect(() => small.take('a', 'waits')).toThrow(
    expect.objectContaining({
      code: 'WORK_LIMIT',
      retryAfterSeconds: 1,
      message: expect.stringContaining('at most 2'),
    }),
  )
  small.take('b', 'waits')()
  first()
  first()
  expect(small.heldBy('a', 'waits')).toBe(1)
  small.take('a', 'waits')
  expect(() => small.take('a', 'waits')).toThrow()
})

test('nothing is kept of an agent that holds nothing', () => {
  const budgets = new WorkBudgets()
  budgets.take('a', 'bufferedBytes', 1_000)()
  expect(budgets.heldBy('a', 'bufferedBytes')).toBe(0)
})

test('the limits fit each other', () => {
  expect(brokenRelations(DEFAULT_WORK_LIMITS)).toEqual([])
  expect(brokenRelations({ ...DEFAULT_WORK_LIMITS, wideSubscriptions: 2_000, bufferedBytes: 1 })).toEqual([
    'wideSubscriptions <= subscriptions',
    'bufferedBytes holds the largest frame',
  ])
})
