// What an operator is told of the objectives, over HTTP and in the metrics.
import { MessageChannel } from 'node:worker_threads'
import {
  ADMIN,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../../test/support/http-server-under-test.js'
import { until } from '../../../test/support/until.js'
import { EventsModule } from '../../events/events.module.js'
import { FrontMonitor } from '../../monitors/front-monitor.js'
import { Monitors } from '../../monitors/monitors.service.js'
import { ServiceLevels } from '../../monitors/service-levels.js'
import { ThreadCalls } from '../../threads/thread-calls.js'
import { OperationsModule } from '../operations.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([EventsModule, OperationsModule])
})
afterAll(() => server.stop())

test('an append that an event stream waits for is counted by each objective it concerns', async () => {
  const stop = new AbortController()
  const headers = { authorization: bearerOf(ADMIN), accept: 'text/event-stream' }
  const answer = await fetch(`${server.url}/v1/events`, { headers, signal: stop.signal })
  expect(answer.status).toBe(200)
  const events = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
  const readUntil = async (part: string) => {
    for (let text = ''; !text.includes(part); ) {
      const { done, value } = await events.read()
      if (done) throw new Error(`The stream ended after ${text}`)
      text += value
    }
  }
  await readUntil('caught')
  await server.call('/v1/events', { json: { type: 'Told', stream: 'agent_a', data: {} }, as: ADMIN })
  await readUntil('Told')
  stop.abort()
  await server.app.get(Monitors, { strict: false }).look()
  const { objectives, lastMinute } = await jsonOf(server.call('/v1/admin/service-levels', { as: ADMIN }))
  const counted = (name: string) =>
    (objectives as { objective: string; counted: number }[]).find(({ objective }) => objective === name)?.counted
  expect([counted('append_p99'), counted('delivery_p99')]).toEqual([1, 1])
  expect(lastMinute).toMatchObject([
    { work: 'append', quantiles: { p50: expect.any(Number) } },
    { work: 'query' },
    { work: 'sync' },
    { work: 'delivery', quantiles: { p999: expect.any(Number) } },
  ])
  const metrics = await (await server.call('/metrics')).text()
  expect(metrics).toContain('lighthouse_sli_events_total{objective="append_p99"} 1\n')
  expect(metrics).toContain('lighthouse_error_budget_burn_rate{objective="availability",window="1h"} 0\n')
  expect(metrics).toContain('lighthouse_slo_breached{objective="availability"} 0\n')
})

test('pages that a front thread has served are pages of the service', async () => {
  const { port1, port2 } = new MessageChannel()
  const monitors = server.app.get(Monitors, { strict: false })
  monitors.join(1, new ThreadCalls(port2))
  const ofQueries = () => monitors.objectives.states.find(({ objective }) => objective === 'query_p99')
  const before = ofQueries()?.all ?? 0
  const levels = new ServiceLevels()
  for (let n = 0; n < 7; n++) levels.done('query', 2)
  new FrontMonitor(levels, new ThreadCalls(port1), async () => 0).report()
  try {
    await until(async () => {
      await monitors.look()
      return (ofQueries()?.all ?? 0) >= before + 7
    })
    expect(ofQueries()?.all).toBe(before + 7)
    expect(monitors.loop.thread).toEqual(expect.any(Number))
  } finally {
    port1.close()
  }
  await until(async () => {
    await monitors.look()
    return monitors.loop.thread === undefined
  })
})
