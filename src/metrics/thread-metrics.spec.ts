// What a scraper sees of several threads: sums that never fall, one series of each event loop, and as few names as ever.
import { once } from 'node:events'
import { mock } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { afterEach, expect, test } from '@jest/globals'
import { type Counting, count } from '../../test/support/counting.js'
import type { CountingThreadData } from '../../test/support/counting-thread.js'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { until } from '../../test/support/until.js'
import { parseBusinessMetrics } from '../config/business-settings.js'
import { ThreadCalls } from '../threads/thread-calls.js'
import { BusinessCounts } from './business-counts.js'
import { FrontMetrics } from './front-metrics.js'
import type { Metrics } from './metrics.js'
import { FIGURES } from './thread-figures.js'

const leaving: (() => unknown)[] = []
afterEach(async () => {
  for (const leave of leaving.splice(0).reverse()) await leave()
})

function port(): readonly [front: ThreadCalls, writer: ThreadCalls] {
  const { port1, port2 } = new MessageChannel()
  leaving.push(() => port1.close())
  return [new ThreadCalls(port1), new ThreadCalls(port2)]
}

/** The metrics of a front thread, on this thread. */
async function front(writer: Metrics, thread: number): Promise<{ metrics: Metrics; die: () => void }> {
  const [calls, writersEnd] = port()
  const metrics = await metricsUnderTest()
  leaving.push(new FrontMetrics(metrics).serve(calls))
  writer.join(thread, writersEnd)
  return { metrics, die: () => calls.close() }
}

class RealThread {
  private constructor(private readonly worker: Worker) {}

  static async start(writer: Metrics, thread: number): Promise<RealThread> {
    const { port1, port2 } = new MessageChannel()
    const workerData: CountingThreadData = { port: port1 }
    const file = new URL('../../test/support/counting-thread.ts', import.meta.url)
    const execArgv = ['--import', new URL('../../scripts/typescript.mjs', import.meta.url).href]
    const worker = new Worker(file, { workerData, transferList: [port1], execArgv })
    leaving.push(() => worker.terminate())
    await once(worker, 'message')
    writer.join(thread, new ThreadCalls(port2))
    return new RealThread(worker)
  }

  async count(counting: Counting): Promise<void> {
    this.worker.postMessage(counting)
    await once(this.worker, 'message')
  }

  async die(): Promise<void> {
    await this.worker.terminate()
  }
}

async function scraped(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

/** A scrape that so many front threads have answered in time, and no other was asked. */
function answered(metrics: Metrics, threads: number): Promise<ReadonlyMap<string, number>> {
  return until(async () => {
    const all = await scraped(metrics)
    const [yes, no] = ['yes', 'no'].map(answer => all.get(own(`front_threads{answered="${answer}"}`)))
    return yes === threads && no === 0 && all
  })
}

const ofType = (type: string) => [{ stream: 's', type, data: {} }]
const own = (name: string) => `lighthouse_${name}`

test('two threads are one server to who scrapes, and what one has counted stays when it dies', async () => {
  const writer = await metricsUnderTest()
  writer.gauge('active_connections', 'Open connections.', () => 0)
  writer.gauge('head_position', 'The last durable position.', () => 7)
  writer.appended.stored('ada', ofType('A'))
  const one = await RealThread.start(writer, 1)
  await one.count({ agentId: 'ada', types: ['A', 'B'], connections: 3 })
  const { metrics: other } = await front(writer, 2)
  count(other, { agentId: 'bob', types: ['A'], connections: 4 })
  const alive = await answered(writer, 2)
  const counts = {
    'events_appended_total{agent_id="ada",event_type="A"}': 2,
    'events_appended_total{agent_id="ada",event_type="B"}': 1,
    'events_appended_total{agent_id="bob",event_type="A"}': 1,
    'append_duration_seconds_bucket{le="0.002"}': 0,
    'append_duration_seconds_bucket{le="0.005"}': 2,
    append_duration_seconds_count: 2,
    append_duration_seconds_sum: 0.006,
    events_read_total: 3,
    'http_request_duration_seconds_count{method="POST",route="/v1/events",status="201"}': 2,
    head_position: 7,
  }
  for (const [name, value] of Object.entries(counts)) expect([name, alive.get(own(name))]).toEqual([name, value])
  expect(alive.get(own('active_connections'))).toBe(7)
  expect(alive.get(own('front_threads{answered="yes"}'))).toBe(2)
  for (const thread of [0, 1, 2]) {
    expect(alive.get(`nodejs_heap_size_used_bytes{thread="${thread}"}`)).toBeGreaterThan(0)
    expect(alive.get(`nodejs_eventloop_lag_p99_seconds{thread="${thread}"}`)).toEqual(expect.any(Number))
  }
  expect(alive.get('process_resident_memory_bytes')).toBeGreaterThan(0)

  await one.die()
  const left = await answered(writer, 1)
  for (const [name, value] of Object.entries(counts)) expect([name, left.get(own(name))]).toEqual([name, value])
  expect(left.get(own('active_connections'))).toBe(4)
  expect(left.has('nodejs_heap_size_used_bytes{thread="1"}')).toBe(false)

  const { metrics: next } = await front(writer, 1)
  count(next, { agentId: 'ada', types: ['A'], connections: 1 })
  const replaced = await answered(writer, 2)
  expect(replaced.get(own('events_read_total'))).toBe(4)
  expect(replaced.get(own('events_appended_total{agent_id="ada",event_type="A"}'))).toBe(3)
  expect(replaced.get(own('active_connections'))).toBe(5)
})

test('the parts of a histogram of a front thread alone come whole and in order', async () => {
  const writer = await metricsUnderTest()
  const { metrics } = await front(writer, 1)
  metrics.frameDuration.series({ type: 'append', outcome: 'answered' }).observe(0.02)
  const ofFrames = [...(await scraped(writer)).keys()].filter(name => name.includes('frame_duration'))
  const bounds = ofFrames.map(name => /le="([^"]+)"/.exec(name)?.[1])
  const labels = '{type="append",outcome="answered"}'
  expect(bounds.slice(0, 12)).toEqual([...'0.001 0.002 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 5 30'.split(' ')])
  expect(ofFrames.slice(12).map(name => name.replace(own('websocket_frame_duration_seconds'), ''))).toEqual([
    `_bucket{le="+Inf",type="append",outcome="answered"}`,
    `_sum${labels}`,
    `_count${labels}`,
  ])
})

test('a thread that does not answer keeps no scrape waiting for long, and what it had told is not taken back', async () => {
  const writer = await metricsUnderTest()
  writer.gauge('active_connections', 'Open connections.', () => 0)
  const { metrics } = await front(writer, 1)
  metrics.eventsRead.inc(5)
  expect((await scraped(writer)).get(own('events_read_total'))).toBe(5)
  const [thread, hung] = port()
  writer.join(2, hung)
  metrics.eventsRead.inc(1)
  const begun = performance.now()
  const [whole, unnamed] = await Promise.all([scraped(writer), writer.textWithoutNames()])
  expect(performance.now() - begun).toBeGreaterThan(900)
  expect(whole.get(own('events_read_total'))).toBe(6)
  expect(whole.get(own('front_threads{answered="no"}'))).toBe(1)
  expect(unnamed).toContain('lighthouse_events_read_total 6\n')
  // The one that hangs is not asked again by each scrape: it would have to answer all of them.
  let asked = 0
  thread.answer(FIGURES, () => {
    asked++
    return { counted: [], current: [] }
  })
  await answered(writer, 2)
  expect(asked).toBeLessThanOrEqual(2)
})

test('what a thread answers too late is told by the next scrape, once', async () => {
  const writer = await metricsUnderTest()
  const [calls, writersEnd] = port()
  writer.join(1, writersEnd)
  expect((await scraped(writer)).get(own('front_threads{answered="no"}'))).toBe(1)
  const metrics = await metricsUnderTest()
  metrics.eventsRead.inc(3)
  leaving.push(new FrontMetrics(metrics).serve(calls))
  for (let scrape = 0; scrape < 3; scrape++) {
    const all = await scraped(writer)
    expect(all.get(own('events_read_total'))).toBe(3)
    expect(all.get(own('front_threads{answered="yes"}'))).toBe(1)
  }
})

test('however many agents come to however many threads, a hundred have names and no sum is lost', async () => {
  const writer = await metricsUnderTest()
  const fronts = [await front(writer, 1), await front(writer, 2), await front(writer, 3)]
  let events = 0
  for (let round = 0; round < 4; round++) {
    for (const [at, { metrics }] of fronts.entries()) {
      for (let n = 0; n < 2_000; n++, events++) metrics.appended.stored('busy', ofType('A'))
      for (let n = 0; n < 1_200; n++, events++) metrics.appended.stored(`agent-${round}-${at}-${n}`, ofType('A'))
    }
    const named = [...(await scraped(writer))].filter(([name]) => name.includes('events_appended'))
    expect(named.length).toBeLessThanOrEqual(101)
    expect(named.reduce((sum, [, value]) => sum + value, 0)).toBe(events)
  }
  const busy = own('events_appended_total{agent_id="busy",event_type="A"}')
  expect((await scraped(writer)).get(busy)).toBe(24_000)
  expect(await writer.textWithoutNames()).toContain(`{agent_id="all",event_type="all"} ${events}\n`)
})

test('what events say is counted by the rules of all threads together', async () => {
  const rules = parseBusinessMetrics([{ metric: 'decisions', types: ['Decided'], outcome: 'data.decision' }])
  const counting = (metrics: Metrics) => {
    const counts = new BusinessCounts(rules)
    metrics.appended.countToo(counts)
    metrics.tallies('business_events_total', 'Counted.', ['metric', 'event_outcome'], () => counts.values)
  }
  const writer = await metricsUnderTest()
  counting(writer)
  const fronts = [await front(writer, 1), await front(writer, 2)]
  for (const { metrics } of fronts) {
    counting(metrics)
    const decided = ['yes', 'no', 'yes'].map(decision => ({ stream: 's', type: 'Decided', data: { decision } }))
    metrics.appended.stored('ada', decided)
  }
  for (let scrape = 0; scrape < 2; scrape++) {
    const all = await scraped(writer)
    expect(all.get(own('business_events_total{metric="decisions",event_outcome="yes"}'))).toBe(4)
    expect(all.get(own('business_events_total{metric="decisions",event_outcome="no"}'))).toBe(2)
  }
})

test('a thread that dies without a scrape has handed over what it counted by names up to five seconds before', async () => {
  const writer = await metricsUnderTest()
  const [calls, writersEnd] = port()
  writer.join(1, writersEnd)
  const metrics = await metricsUnderTest()
  mock.timers.enable({ apis: ['setInterval'] })
  try {
    new FrontMetrics(metrics).serve(calls)
    metrics.appended.stored('ada', ofType('A'))
    mock.timers.tick(5_000)
    metrics.appended.stored('ada', ofType('A'))
  } finally {
    mock.timers.reset()
  }
  calls.close()
  const name = own('events_appended_total{agent_id="ada",event_type="A"}')
  expect(await until(async () => (await scraped(writer)).get(name))).toBe(1)
})

test('a thread that comes before the end of the one it replaces is not forgotten with it', async () => {
  const writer = await metricsUnderTest()
  const dying = await front(writer, 1)
  const next = await front(writer, 1)
  dying.die()
  next.metrics.eventsRead.inc(2)
  expect((await answered(writer, 1)).get(own('events_read_total'))).toBe(2)
  // The end of the other is heard by now.
  expect((await answered(writer, 1)).get(own('events_read_total'))).toBe(2)
})

test('who ends in order hands over what it has counted by names', async () => {
  const writer = await metricsUnderTest()
  const [calls, writersEnd] = port()
  writer.join(1, writersEnd)
  const metrics = await metricsUnderTest()
  const end = new FrontMetrics(metrics).serve(calls)
  metrics.appended.stored('ada', ofType('A'))
  end()
  calls.close()
  const name = own('events_appended_total{agent_id="ada",event_type="A"}')
  expect(await until(async () => (await scraped(writer)).get(name))).toBe(1)
})

test('with one thread there is no label and no metric more', async () => {
  const text = await (await metricsUnderTest()).text()
  expect(text).not.toMatch(/thread=|front_threads/)
})
