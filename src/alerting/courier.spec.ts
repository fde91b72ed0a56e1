// How notices are taken to a channel: at a pace, more slowly after failures, and none held up for long by another.
import type { Channel, Delivered } from './channel.js'
import { Courier } from './courier.js'
import type { Notice } from './notice.js'

const notice = (id: string): Notice => ({ kind: 'digest', id, node: 'n', at: '', lines: [] })
const CHANNEL: Channel = { name: 'slack', request: () => ({ url: '', headers: {}, body: '' }), read: () => ({}) }

function courierOf(outcome: () => Delivered): { courier: Courier; sent: string[] } {
  const sent: string[] = []
  const courier = new Courier(
    CHANNEL,
    (_, { id }) => {
      sent.push(id)
      return Promise.resolve(outcome())
    },
    () => 1,
  )
  return { courier, sent }
}

test('a channel gets at most one notice a second', async () => {
  const { courier, sent } = courierOf(() => ({ outcome: 'delivered' }))
  for (let ms = 0; ms <= 3_000; ms += 100) await courier.take(ms, () => [notice('a')])
  expect(sent).toHaveLength(4)
})

test('a channel that fails is tried after 1, 2, 4 seconds and so on, at last every five minutes', async () => {
  const { courier, sent } = courierOf(() => ({ outcome: 'failed' }))
  const tried: number[] = []
  for (let ms = 0; ms <= 20 * 60_000; ms += 1_000) {
    const before = sent.length
    await courier.take(ms, () => [notice('a')])
    if (sent.length > before) tried.push(ms / 1_000)
  }
  expect(tried.slice(0, 5)).toEqual([0, 1, 3, 7, 15])
  expect((tried.at(-1) as number) - (tried.at(-2) as number)).toBe(300)
  expect(courier.failsForLong(20 * 60_000)).toBe(true)
})

test('a notice that cannot be taken lets the others go first', async () => {
  const { courier, sent } = courierOf(() => ({ outcome: sent.at(-1) === 'bad' ? 'failed' : 'delivered' }))
  const left = new Set(['bad', 'good'])
  for (let ms = 0; ms <= 10_000; ms += 1_000) {
    const taken = await courier.take(ms, () => [...left].map(notice))
    if (taken?.delivered.outcome === 'delivered') left.delete(taken.notice.id)
  }
  expect(sent.slice(0, 2)).toEqual(['bad', 'good'])
  expect([...left]).toEqual(['bad'])
})
