// What the meter counts stays few series, however many agents come and go, and no sum of it ever falls.
import { Logger } from '@nestjs/common'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import type { EventStore } from '../contract/event-store.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { meteredStore } from './metered-store.js'
import { SlowOperations } from './slow-operations.js'

const append = () => Promise.resolve({ events: [], duplicate: false })
/** Takes everything and keeps nothing. */
const stored = new Proxy({}, { get: () => append }) as EventStore

const slow = new SlowOperations(new Logger('storage'), stored)

test('who is busy no longer gives the series up, and what it counted goes on as that of the others', async () => {
  const metrics = await metricsUnderTest()
  const store = meteredStore(stored, { metrics, levels: new ServiceLevels(), slow })
  const events = Array.from({ length: 112 }, () => ({ type: 'Told', stream: 's', data: {} }))
  let [appended, others, most] = [0, 0, 0]
  for (let generation = 0; generation < 20; generation++) {
    for (let of = 0; of < 90; of++) {
      await store.append({ events, author: { agentId: `g${generation}-${of}` } })
      appended += events.length
    }
    const { values } = await metrics.eventsAppended.get()
    expect(values.reduce((sum, { value }) => sum + value, 0)).toBe(appended)
    most = Math.max(most, values.length)
    const before = others
    others = values.find(({ labels }) => labels.agent_id === 'other')?.value ?? 0
    expect(others).toBeGreaterThanOrEqual(before)
  }
  expect(most).toBeLessThanOrEqual(101)
  expect(others).toBeGreaterThan(0)
})

test('a type that is busy no longer gives its series up too', async () => {
  const metrics = await metricsUnderTest()
  const store = meteredStore(stored, { metrics, levels: new ServiceLevels(), slow })
  for (let generation = 0; generation < 3; generation++) {
    const events = Array.from({ length: 11_000 }, (_, n) => ({
      type: `t${generation}-${n % 100}`,
      stream: 's',
      data: {},
    }))
    await store.append({ events, author: { agentId: 'a' } })
    await store.append({ events: events.slice(0, 100), author: { agentId: 'b' } })
  }
  const { values } = await metrics.eventsAppended.get()
  expect(values.reduce((sum, { value }) => sum + value, 0)).toBe(33_300)
  expect(values.length).toBeLessThanOrEqual(2 * 101)
  expect(values.filter(({ labels }) => labels.event_type === 'other').map(({ labels }) => labels.agent_id)).toEqual([
    'a',
    'b',
  ])
})
