// What of the metrics names agents, types or groups is summed for whoever may not see them, and nothing else changes.
import { Histogram, register } from 'prom-client'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'

const linesOf = (text: string, metric: string) =>
  text.split('\n').filter(line => line.startsWith(`lighthouse_${metric}`))

test('counters and gauges of names become one of all, and others keep their labels', async () => {
  const metrics = await metricsUnderTest()
  metrics.eventsAppended.labels({ agent_id: 'a', event_type: 'Told' }).inc(2)
  metrics.eventsAppended.labels({ agent_id: 'b', event_type: 'Asked' }).inc(3)
  metrics.appendsFailed.labels({ code: 'DISK_FULL' }).inc()
  metrics.httpDuration.series({ method: 'GET', route: '/v1/events', status: '200' }).observe(0.1)
  metrics.gauges(
    { subscription_lag: 'Lag.' },
    'subscription',
    async () =>
      new Map([
        ['g', { subscription_lag: 5 }],
        ['h', { subscription_lag: 6 }],
      ]),
  )
  const [whole, summed] = await Promise.all([metrics.text(), metrics.textWithoutNames()])
  expect(linesOf(whole, 'events_appended_total')).toHaveLength(2)
  expect(linesOf(summed, 'events_appended_total')).toEqual([
    'lighthouse_events_appended_total{agent_id="all",event_type="all"} 5',
  ])
  expect(linesOf(summed, 'subscription_lag')).toEqual(['lighthouse_subscription_lag{subscription="all"} 11'])
  for (const metric of ['appends_failed_total', 'http_request_duration_seconds'])
    expect(linesOf(summed, metric)).toEqual(linesOf(whole, metric))
  expect(summed.match(/^# (HELP|TYPE) lighthouse.*$/gm)).toEqual(whole.match(/^# (HELP|TYPE) lighthouse.*$/gm))
})

test('the parts of a histogram are summed each by itself', async () => {
  const metrics = await metricsUnderTest()
  const { registry } = metrics
  const made = new Histogram({
    name: 'lighthouse_shape',
    help: 'Of this test.',
    buckets: [1],
    registers: [registry],
    labelNames: ['agent_id', 'code'],
  })
  made.labels({ agent_id: 'a', code: 'x' }).observe(0.5)
  made.labels({ agent_id: 'b', code: 'x' }).observe(2)
  made.labels({ agent_id: 'b', code: 'y' }).observe(2)
  expect(linesOf(await metrics.textWithoutNames(), 'shape').sort()).toEqual([
    'lighthouse_shape_bucket{le="+Inf",agent_id="all",code="x"} 2',
    'lighthouse_shape_bucket{le="+Inf",agent_id="all",code="y"} 1',
    'lighthouse_shape_bucket{le="1",agent_id="all",code="x"} 1',
    'lighthouse_shape_bucket{le="1",agent_id="all",code="y"} 0',
    'lighthouse_shape_count{agent_id="all",code="x"} 2',
    'lighthouse_shape_count{agent_id="all",code="y"} 1',
    'lighthouse_shape_sum{agent_id="all",code="x"} 2.5',
    'lighthouse_shape_sum{agent_id="all",code="y"} 2',
  ])
})

test('what strangers are shown is not made anew for each, and what an operator asks for is', async () => {
  const metrics = await metricsUnderTest()
  let looks = 0
  metrics.gauge('looks', 'Counts who looks.', () => ++looks)
  const asked = [metrics.textWithoutNames(), metrics.textWithoutNames()]
  for (const text of await Promise.all(asked)) expect(linesOf(text, 'looks')).toEqual(['lighthouse_looks 1'])
  expect(linesOf(await metrics.text(), 'looks')).toEqual(['lighthouse_looks 2'])
})

test('two servers in one process count each for itself, and nothing is counted for the process', async () => {
  const [one, other] = [await metricsUnderTest(), await metricsUnderTest()]
  one.eventsRead.inc()
  expect(linesOf(await one.text(), 'events_read_total')).toEqual(['lighthouse_events_read_total 1'])
  expect(linesOf(await other.text(), 'events_read_total')).toEqual(['lighthouse_events_read_total 0'])
  expect(register.getMetricsAsArray()).toEqual([])
})

test('a scrape asks Node for nothing that can end the process', async () => {
  const metrics = await metricsUnderTest()
  const inside = process as unknown as Record<'_getActiveHandles' | '_getActiveRequests', () => object[]>
  const { _getActiveHandles: handles, _getActiveRequests: requests } = inside
  let asked = 0
  const ask = () => {
    asked++
    return []
  }
  Object.assign(inside, { _getActiveHandles: ask, _getActiveRequests: ask })
  try {
    const text = await metrics.text()
    expect(asked).toBe(0)
    expect(text).toContain('nodejs_active_resources_total')
  } finally {
    Object.assign(inside, { _getActiveHandles: handles, _getActiveRequests: requests })
  }
})
