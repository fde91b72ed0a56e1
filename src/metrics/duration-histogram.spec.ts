// A histogram of ours writes what one of prom-client writes, and hands out its series.
import { Histogram, Registry } from 'prom-client'
import { DurationHistogram } from './duration-histogram.js'

const described = { name: 'took_seconds', help: 'How long it took.', labelNames: ['route', 'status'] as const }
const bounds = [0.001, 0.01, 0.1]
const answers = [
  ['/v1/events', '201', 0.0005],
  ['/v1/events', '201', 0.001],
  ['/v1/events', '201', 0.02],
  ['/v1/events', '400', 7],
  ['none', '404', 0],
] as const

test('the text of a histogram is that of prom-client', async () => {
  const [ours, theirs] = [new Registry(), new Registry()]
  const mine = new DurationHistogram({ ...described, bounds })
  ours.registerMetric(mine as never)
  const reference = new Histogram({
    ...described,
    labelNames: [...described.labelNames],
    buckets: bounds,
    registers: [theirs],
  })
  for (const [route, status, seconds] of answers) {
    mine.series({ route, status }).observe(seconds)
    reference.observe({ route, status }, seconds)
  }
  expect(await ours.metrics()).toBe(await theirs.metrics())
})

test('the same labels are the same series', () => {
  const histogram = new DurationHistogram({ ...described, bounds })
  const labels = { route: '/v1/events', status: '201' }
  expect(histogram.series({ ...labels })).toBe(histogram.series(labels))
  expect(histogram.series({ ...labels, status: '200' })).not.toBe(histogram.series(labels))
})
