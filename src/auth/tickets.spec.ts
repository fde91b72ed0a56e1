// Tickets: each good once and for its time, bounded for an agent and in all, and taken out of every address.
import { DEFAULT_WORK_LIMITS } from '../contract/work-limits.js'
import { Tickets, takeTickets } from './tickets.js'
import { WorkBudgets } from './work-budgets.js'

const UNKNOWN = expect.objectContaining({
  name: 'BadToken',
  message: expect.stringContaining('The ticket is not known'),
})

test('a ticket stands for its token once', () => {
  const tickets = new Tickets(new WorkBudgets())
  const [one, other] = [tickets.issue('token one', 'a'), tickets.issue('token two', 'a')]
  expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect([tickets.redeem(other), tickets.redeem(one)]).toEqual(['token two', 'token one'])
  for (const ticket of [one, other, '', `${one}x`, 'made up']) expect(() => tickets.redeem(ticket)).toThrow(UNKNOWN)
})

test('a ticket is of the process that made it', () => {
  const ticket = new Tickets(new WorkBudgets()).issue('token', 'a')
  expect(() => new Tickets(new WorkBudgets()).redeem(ticket)).toThrow(UNKNOWN)
})

test('a ticket that nobody uses is over in time, and counts no longer', async () => {
  const budgets = new WorkBudgets()
  const tickets = new Tickets(budgets, 5)
  const ticket = tickets.issue('token', 'a')
  expect(budgets.heldBy('a', 'tickets')).toBe(1)
  while (budgets.heldBy('a', 'tickets') > 0) await new Promise(setImmediate)
  expect(() => tickets.redeem(ticket)).toThrow(UNKNOWN)
})

test('an agent has so many at a time, and a used one makes room', () => {
  const tickets = new Tickets(new WorkBudgets({ ...DEFAULT_WORK_LIMITS, tickets: 2 }))
  const first = tickets.issue('token', 'a')
  tickets.issue('token', 'a')
  expect(() => tickets.issue('token', 'a')).toThrow(expect.objectContaining({ code: 'WORK_LIMIT' }))
  tickets.issue('token', 'b')
  tickets.redeem(first)
  tickets.issue('token', 'a')
})

test('all agents together have so many', () => {
  const tickets = new Tickets(new WorkBudgets())
  for (let made = 0; made < 10_000; made++) tickets.issue('token', `agent ${made}`)
  expect(() => tickets.issue('token', 'one more')).toThrow(expect.objectContaining({ code: 'WORK_LIMIT' }))
})

test.each([
  ['/v1/events?ticket=abc', '/v1/events?ticket=***', ['abc']],
  ['/v1/events?stream=a&ticket=abc&type=b', '/v1/events?stream=a&ticket=***&type=b', ['abc']],
  ['/v1/events?%74icket=abc', '/v1/events?ticket=***', ['abc']],
  ['/v1/events?ticket=a%2Bb+c', '/v1/events?ticket=***', ['a+b c']],
  ['/v1/events?ticket=a&ticket=b', '/v1/events?ticket=***&ticket=***', ['a', 'b']],
  ['/v1/events?ticket', '/v1/events?ticket=***', ['']],
  ['/v1/events?tickets=abc&type=ticket', '/v1/events?tickets=abc&type=ticket', []],
  ['/v1/events', '/v1/events', []],
])('of %s is left %s', (url, left, found) => {
  const request = { url }
  expect(takeTickets(request)).toEqual(found)
  expect(request.url).toBe(left)
})
