// A server with all channels set up: what they receive, what stands in `$alerts`, and what operators may do.
import { AlertReceiver } from '../../test/support/alert-receiver.js'
import { ADMIN, agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { until } from '../../test/support/until.js'
import { Alerts } from '../alerting/alerts.service.js'
import { HeldAlerts } from '../alerting/held-alerts.js'
import { DEFAULT_ALERTING } from '../config/alerting-settings.js'
import type { Settings } from '../config/settings.js'
import type { RecordedEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { Metrics } from '../metrics/metrics.js'
import { Signals } from '../signals/signals.js'
import { OperationsModule } from './operations.module.js'

const PAGES = '/v2/enqueue'
const MESSAGES = '/api/chat.postMessage'
const HOOKS = '/hook'
const MINUTE = 60_000

let server: ServerUnderTest
let receiver: AlertReceiver
let directory: string
/** Ahead of the server's own clock, so that its own ticks find nothing that is due. */
let now: number

beforeEach(async () => {
  directory = makeTempDirectory()
  receiver = await AlertReceiver.start()
  now = Date.now()
  server = await start()
})
afterEach(async () => {
  await server.stop()
  await receiver.stop()
  removeTempDirectory(directory)
})

function start(): Promise<ServerUnderTest> {
  const { url } = receiver
  const addresses = { pagerdutyUrl: url, slackUrl: url, webhookUrl: `${url}${HOOKS}`, heartbeatUrl: `${url}/alive` }
  const settings: Partial<Settings> = {
    dataDir: directory,
    alerting: { ...DEFAULT_ALERTING, ...addresses },
    alertPagerdutyKey: 'p'.repeat(32),
    alertSlackToken: 's'.repeat(32),
    alertWebhookSecret: 'w'.repeat(32),
  }
  return startServer([OperationsModule], settings)
}

const heldOf = (place: string) => new HeldAlerts(place).load()
const signals = () => server.app.get(Signals, { strict: false })
const alerts = () => server.app.get(Alerts, { strict: false })
const tell = (level: 'ok' | 'warning' | 'critical', cause: 'integrity' | 'dependency' = 'integrity') =>
  signals().tell({ cause, level, detail: `it is ${level}`, metrics: { ranges: 1 } })

async function pass(ms: number): Promise<void> {
  now += ms
  await alerts().tick(now)
}

async function record(stream = '$alerts'): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for await (const event of server.store.read({ filter: { streams: [stream] } })) found.push(event)
  return found
}

/** Once as many notices have come to this end, the server knows of it too. */
async function settled(outcome: string, count: number): Promise<void> {
  const metrics = server.app.get(Metrics, { strict: false })
  const series = new RegExp(`^lighthouse_alert_deliveries_total\\{.*outcome="${outcome}"\\} (\\d+)$`, 'gm')
  for (let sum = -1; sum < count; ) {
    await new Promise(setImmediate)
    const text = await metrics.text()
    sum = [...text.matchAll(series)].reduce((all, [, one]) => all + Number(one), 0)
  }
}

const told = () => [PAGES, MESSAGES, HOOKS].map(path => receiver.at(path).length)

test('damage pages at once, its end goes to every channel once, and both stand in the log', async () => {
  tell('critical')
  await receiver.until(() => told().every(count => count === 1))
  await settled('delivered', 3)
  tell('ok')
  await pass(2 * MINUTE)
  await pass(6 * MINUTE)
  await settled('delivered', 6)
  expect(told()).toEqual([2, 2, 2])
  const [page, end] = receiver.at(PAGES).map(({ body }) => body)
  expect([page.event_action, end.event_action, end.dedup_key]).toEqual(['trigger', 'resolve', page.dedup_key])
  expect(receiver.at(MESSAGES)[1]?.body).toMatchObject({ channel: 'C1', thread_ts: expect.stringContaining('17.') })
  await pass(MINUTE)
  const types = (await record()).map(({ type }) => type)
  expect(types.filter(type => type === 'alert.delivered')).toHaveLength(6)
  expect(types.at(0)).toBe('alert.opened')
  expect(types.at(-1)).toBe('alert.closed')
})

test('a channel that fails is tried again later, and one that asks for time is given it', async () => {
  receiver.manner = 'limits'
  tell('critical')
  await settled('rate_limited', 3)
  receiver.manner = 'takes'
  await pass(MINUTE)
  expect(told()).toEqual([1, 1, 1])
  await pass(2 * MINUTE)
  expect(told()).toEqual([2, 2, 2])
  const text = await server.app.get(Metrics, { strict: false }).text()
  expect(text).toContain('lighthouse_alert_deliveries_total{channel="slack",outcome="rate_limited"} 1')
  expect(text).toContain('lighthouse_alert_deliveries_total{channel="slack",outcome="delivered"} 1')
  expect(text).toContain('lighthouse_alerts{severity="P1"} 1')
})

test('channels that fail for five minutes are trouble of their own', async () => {
  receiver.manner = 'fails'
  tell('critical')
  await settled('failed', 3)
  for (let minute = 0; minute < 7; minute++) await pass(MINUTE)
  expect(signals().levelOf('alerting')).toBe('warning')
  receiver.manner = 'takes'
  await pass(6 * MINUTE)
  expect(signals().levelOf('alerting')).toBe('ok')
})

test('what was not delivered before a new start is delivered after it, under the same key', async () => {
  receiver.manner = 'fails'
  tell('critical')
  await receiver.until(() => told().every(count => count === 1))
  await server.stop()
  receiver.manner = 'takes'
  server = await start()
  await receiver.until(() => told().every(count => count === 2))
  const [first, second] = receiver.at(PAGES).map(({ body }) => body.dedup_key)
  expect(second).toBe(first)
})

test('an alert is told although the store does not answer', async () => {
  const store = server.app.get(EventStore, { strict: false })
  const original = store.append
  store.append = () => new Promise(() => undefined)
  try {
    tell('critical')
    await receiver.until(() => told().every(count => count === 1))
  } finally {
    store.append = original
  }
  expect(await record()).toEqual([])
})

test('who was told of a store that takes nothing is told of its end after a new start, once', async () => {
  const store = server.app.get(EventStore, { strict: false })
  store.append = () => Promise.reject(new Error('the disk has failed'))
  tell('critical')
  await receiver.until(() => told().every(count => count === 1))
  await settled('delivered', 3)
  await until(async () => (await heldOf(directory)).filter(({ type }) => type === 'alert.delivered').length === 3)
  await server.stop()
  server = await start()
  await pass(MINUTE)
  await pass(6 * MINUTE)
  await receiver.until(() => told().every(count => count === 2))
  expect(receiver.at(PAGES).map(({ body }) => body.event_action)).toEqual(['trigger', 'resolve'])
  await pass(MINUTE)
  expect((await record()).map(({ type }) => type)).toContain('alert.closed')
  expect(await heldOf(directory)).toEqual([])
})

test('operators silence alerts and let them be told again; both stand in the security journal', async () => {
  const end = new Date(Date.now() + 60 * MINUTE).toISOString()
  const asked = { match: { causes: ['integrity'] }, until: end, reason: 'the disk is being moved' }
  const made = await server.call('/v1/admin/silences', { json: asked })
  expect(made.status).toBe(201)
  const { id, ...silence } = await jsonOf(made)
  expect(silence).toMatchObject({ match: { causes: ['integrity'], severities: [] }, until: end, by: ADMIN.agentId })
  tell('critical')
  await pass(0)
  expect(await jsonOf(server.call('/v1/admin/alerts'))).toMatchObject({
    channels: ['pagerduty', 'slack', 'webhook'],
    alerts: [
      { cause: 'integrity', severity: 'P1', state: 'silenced', told: [], runbook: 'docs/runbooks/integrity.md' },
    ],
  })
  expect(told()).toEqual([0, 0, 0])
  expect((await server.call(`/v1/admin/silences/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await server.call(`/v1/admin/silences/${id}`, { method: 'DELETE' })).status).toBe(404)
  await receiver.until(() => told().every(count => count === 1))
  const journal = await record('$security')
  expect(journal.map(({ type, data }) => [type, data['by']])).toEqual([
    ['alerts.silenced', 'operator'],
    ['alerts.unsilenced', 'operator'],
  ])
})

test('a silence without an end in time, and whoever is no operator, is refused', async () => {
  const silence = { match: {}, reason: 'r', until: '2020-01-31T12:00:00Z' }
  expect((await server.call('/v1/admin/silences', { json: silence })).status).toBe(400)
  expect((await server.call('/v1/admin/silences', { json: { ...silence, until: 'tomorrow' } })).status).toBe(400)
  const stranger = agent('s1', 'system_agent')
  for (const path of ['/v1/admin/silences', '/v1/admin/alerts'])
    expect((await server.call(path, { as: agent('a1') })).status).toBe(403)
  expect((await server.call('/v1/admin/alerts/test', { as: stranger, method: 'POST' })).status).toBe(403)
})

test('a test alert reaches every channel, opens nothing and says what failed', async () => {
  expect(await jsonOf(server.call('/v1/admin/alerts/test', { method: 'POST' }))).toEqual({
    channels: ['pagerduty', 'slack', 'webhook'].map(channel => ({ channel, outcome: 'delivered' })),
  })
  expect(receiver.at(PAGES).map(({ body }) => body.event_action)).toEqual(['trigger', 'resolve'])
  receiver.manner = 'fails'
  expect(await jsonOf(server.call('/v1/admin/alerts/test', { method: 'POST' }))).toMatchObject({
    channels: [{ outcome: 'failed', fault: 'it answered 500' }, {}, {}],
  })
  expect(await jsonOf(server.call('/v1/admin/alerts'))).toMatchObject({ alerts: [] })
})

test('the heartbeat says from the start on that the server is alive', async () => {
  await receiver.until(() => receiver.at('/alive').length > 0)
})
