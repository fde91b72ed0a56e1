// The window of recent events: contiguous, bounded in events and bytes, and framing each event once.
import { WatchedStore } from '../../test/support/memory-store.js'
import type { RecordedEvent } from '../contract/event.js'
import { sseEnvelope, subscriptionEnvelope } from '../wire/event-frames.js'
import { RecentEvents, SharedEvent } from './recent-events.js'

async function events(count: number, text = ''): Promise<RecordedEvent[]> {
  const store = new WatchedStore()
  const made = Array.from({ length: count }, (_, n) => ({ type: 'T', stream: 's', data: { n, text } }))
  await store.append({ events: made, author: { agentId: 'a' } })
  const found: RecordedEvent[] = []
  for await (const event of store.read({})) found.push(event)
  return found
}

const held = (window: RecentEvents, end: number) =>
  Array.from({ length: end }, (_, n) => n + 1).filter(position => window.at(position) !== undefined)

test('it holds the last events, without a gap', async () => {
  const window = new RecentEvents({ events: 3, bytes: 1e9 })
  for (const event of await events(10)) window.push(event)
  expect(held(window, 12)).toEqual([8, 9, 10])
  expect([6, 7, 8, 10, 99].map(position => window.reaches(position))).toEqual([false, true, true, true, true])
  expect(window.end).toBe(10)
})

test('a jump of the log begins it anew', async () => {
  const window = new RecentEvents({ events: 8, bytes: 1e9 })
  const all = await events(10)
  for (const event of [...all.slice(0, 4), ...all.slice(6)]) window.push(event)
  expect(held(window, 12)).toEqual([7, 8, 9, 10])
  expect(window.reaches(5)).toBe(false)
})

test('it is bounded in bytes, frames included, and counts to zero', async () => {
  const window = new RecentEvents({ events: 100, bytes: 60_000 })
  const shared = (await events(10, 'x'.repeat(1_000))).map(event => window.push(event))
  expect(held(window, 12)).toHaveLength(10)
  for (let n = 0; n < 4; n++) {
    for (const one of shared) one.frame(subscriptionEnvelope('json', `s${n}`))
    expect(window.bytes).toBeLessThanOrEqual(60_000)
  }
  expect(held(window, 12).at(-1)).toBe(10)
  expect(held(window, 12).length).toBeLessThan(10)
  window.restart(10)
  expect([window.bytes, held(window, 12)]).toEqual([0, []])
})

test('a smaller bound forgets the oldest at once, and a larger one holds more again', async () => {
  const window = new RecentEvents({ events: 100, bytes: 1e9 })
  const all = await events(30, 'x'.repeat(1_000))
  for (const event of all.slice(0, 10)) window.push(event)
  window.bound(window.bytes / 2)
  expect(held(window, 30)).toEqual([6, 7, 8, 9, 10])
  for (const event of all.slice(10, 20)) window.push(event)
  expect(held(window, 30)).toEqual([16, 17, 18, 19, 20])
  window.bound(1e9)
  for (const event of all.slice(20)) window.push(event)
  expect(held(window, 30)).toHaveLength(15)
})

test('one event larger than the window is not held, and nobody is kept from it', async () => {
  const window = new RecentEvents({ events: 100, bytes: 10_000 })
  const [event] = await events(1, 'x'.repeat(20_000))
  expect(window.push(event as RecordedEvent).frame(sseEnvelope).length).toBeGreaterThan(20_000)
  expect([window.end, window.reaches(0), window.reaches(1), window.bytes]).toEqual([1, false, true, 0])
})

test('equal envelopes get the same bytes, others their own', async () => {
  const [event] = await events(1)
  const shared = new SharedEvent(event as RecordedEvent)
  const [one, same] = [subscriptionEnvelope('json', 'a'), subscriptionEnvelope('json', 'a')]
  expect(shared.frame(one)).toBe(shared.frame(same))
  expect(JSON.parse(shared.frame(subscriptionEnvelope('json', 'b\n"')).toString())).toMatchObject({
    type: 'event',
    id: 'b\n"',
    event: { position: 1 },
  })
  expect(shared.frame(sseEnvelope).toString()).toMatch(
    /^id: 1\nevent: event\ndata: \{"type":"event","event":\{.*\}\}\n\n$/,
  )
})
