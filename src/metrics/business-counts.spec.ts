// Rules of the configuration count events by what they say, in few series whatever the events say.
import { Packr } from 'msgpackr'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { parseBusinessMetrics } from '../config/business-settings.js'
import type { JsonObject, NewEvent } from '../contract/event.js'
import { PackedMap } from '../record/codec/scan.js'
import { BusinessCounts } from './business-counts.js'

const packr = new Packr({ useRecords: false })
const event = (type: string, data: NewEvent['data']): NewEvent => ({ type, stream: 's', data })
const decided = (data: JsonObject) => event('ValidationDecided', data)

async function counting(rules: unknown) {
  const metrics = await metricsUnderTest()
  const counts = new BusinessCounts(parseBusinessMetrics(rules))
  metrics.appended.countToo(counts)
  const counted = () =>
    Object.fromEntries(
      counts.values.map(({ labels, value }) => [`${labels.metric} ${labels.event_outcome}`, value] as const),
    )
  return { stored: (...events: NewEvent[]) => metrics.appended.stored('a', events), counted }
}

test('events are counted by what they say, of a batch and alone, packed or not, and others are not', async () => {
  const rules = [
    { metric: 'decisions', types: ['ValidationDecided'], outcome: 'data.decision' },
    { metric: 'decisions', types: ['Escalated'] },
    { metric: 'risk', types: ['ValidationDecided'], outcome: '/data/of/risk' },
  ]
  const { stored, counted } = await counting(JSON.stringify(rules))
  stored(decided({ decision: 'approved', of: { risk: 1 } }))
  stored(event('Told', { decision: 'approved' }))
  stored(
    event('ValidationDecided', PackedMap.checked(packr.pack({ decision: 'rejected', of: { risk: 2 } }))),
    event('Told', {}),
    event('Escalated', {}),
    decided({ decision: 'approved' }),
  )
  expect(counted()).toEqual({
    'decisions approved': 2,
    'decisions rejected': 1,
    'decisions Escalated': 1,
    'risk 1': 1,
    'risk 2': 1,
    'risk none': 1,
  })
})

test('what is no short text, number or truth value names no series', async () => {
  const { stored, counted } = await counting([{ metric: 'd', types: ['ValidationDecided'], outcome: 'data.x' }])
  for (const x of [null, {}, [], '', 'y'.repeat(65), true]) stored(decided({ x }))
  stored(decided({}))
  expect(counted()).toEqual({ 'd none': 5, 'd other': 1, 'd true': 1 })
})

test('twenty outcomes have names, the busiest ones, and no sum ever falls', async () => {
  const { stored, counted } = await counting([{ metric: 'd', types: ['ValidationDecided'], outcome: 'data.x' }])
  for (let n = 0; n < 1_000; n++) stored(decided({ x: `junk-${n}` }))
  let others = counted()['d other'] ?? 0
  expect(others).toBe(980)
  for (let n = 0; n < 25_000; n++) stored(decided({ x: 'approved' }))
  const after = counted()
  others = after['d other'] ?? 0
  expect(Object.keys(after).length).toBeLessThanOrEqual(21)
  expect(after['d approved']).toBeGreaterThan(1_000)
  expect(others).toBeGreaterThan(980)
  expect(Object.values(after).reduce((sum, count) => sum + count, 0)).toBe(26_000)
})

test('what an event says is looked at after the turn in which it became durable', async () => {
  const { stored, counted } = await counting([{ metric: 'd', types: ['ValidationDecided'], outcome: 'data.x' }])
  let looks = 0
  const data = Object.defineProperty({}, 'x', { enumerable: true, get: () => `look ${++looks}` }) as JsonObject
  stored(decided(data))
  expect(looks).toBe(0)
  await new Promise(setImmediate)
  expect(looks).toBe(1)
  expect(counted()).toEqual({ 'd look 1': 1 })
})
