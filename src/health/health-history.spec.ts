// The history of health has the changes alone, the newest first, and only so many.
import { HealthHistory } from './health-history.js'

test('a component that stays as it is adds nothing', () => {
  const history = new HealthHistory()
  const at = new Date(0)
  for (const state of ['up', 'up', 'down', 'down', 'up'] as const) history.note('storage', state, at)
  expect(history.changes.map(({ from, to }) => [from, to])).toEqual([
    ['down', 'up'],
    ['up', 'down'],
    ['unknown', 'up'],
  ])
  expect([...history.states]).toEqual([['storage', 'up']])
})

test('a component that swings for days takes no more room than an hour of it', () => {
  const history = new HealthHistory()
  for (let n = 0; n < 1_000; n++) history.note('memory', n % 2 === 0 ? 'up' : 'degraded', new Date(n))
  expect(history.changes).toHaveLength(100)
  expect(history.changes[0]).toMatchObject({ to: 'degraded', at: new Date(999).toISOString() })
})
