// Health and metrics over real HTTP: what a prober and a scraper see of a server that has just done something.
import { readFileSync } from 'node:fs'
import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'
import { GroupsModule } from '../groups/groups.module.js'
import { Metrics } from '../metrics/metrics.js'
import { RULED, ruleOf } from '../metrics/thread-rules.js'
import { OperationsModule } from '../operations/operations.module.js'
import { ReplayModule } from '../replay/replay.module.js'
import { SnapshotsModule } from '../snapshots/snapshots.module.js'
import { WebSocketModule } from '../websocket/websocket.module.js'
import { ComponentHistory } from './component-history.service.js'
import { HealthModule } from './health.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  const modules = [EventsModule, GroupsModule, ReplayModule, SnapshotsModule, OperationsModule, WebSocketModule]
  server = await startServer([HealthModule, ...modules])
  const json = { type: 'Told', stream: 'agent_a', data: { secret: 'canary-in-data' } }
  await server.call('/v1/events', { json, as: ADMIN })
  await server.call('/v1/events', { json: { ...json, expectedRevision: 'none' }, as: ADMIN })
  await server.call('/v1/events', { json, as: agent('guest-1', 'guest') })
  await jsonOf(server.call('/v1/events'))
})
afterAll(() => server.stop())

test.each([
  '/livez',
  '/readyz',
  '/health',
  '/health/detailed',
  '/health/event_store',
  '/health/storage',
  '/health/network',
  '/health/memory',
])('%s answers a stranger, and tells no path', async path => {
  const answer = await fetch(server.url + path)
  const report = await jsonOf(answer)
  expect([answer.status, report]).toMatchObject([200, { status: expect.stringMatching(/^(ok|degraded)$/) }])
  for (const check of report.checks) {
    expect(check).toEqual({
      component: expect.any(String),
      status: expect.any(String),
      lastCheck: report.timestamp,
      details: expect.any(Object),
    })
  }
  expect(JSON.stringify(report)).not.toMatch(/"\/(tmp|work|home|var)/)
})

test('who asks how the network is changes nothing, and is told of the connections', async () => {
  const look = async () => (await jsonOf(fetch(`${server.url}/health/network`))).checks[0].details
  const [first, second] = [await look(), await look()]
  const waits = { waitMs: expect.any(Number), dependencies: 'ok' }
  expect(first).toEqual({ listening: true, connections: expect.any(Number), maxConnections: 10_000, ...waits })
  expect(first.connections).toBeGreaterThan(0)
  expect(second.waitMs).toBe(first.waitMs)
})

test('health lists what it looked at', async () => {
  const { checks } = await jsonOf(fetch(`${server.url}/health`))
  expect(checks.map(({ component }: { component: string }) => component)).toEqual([
    ...['event_store', 'storage', 'network', 'memory'],
  ])
})

test('detailed health has the changes before, the newest first', async () => {
  await server.app.get(ComponentHistory, { strict: false }).look()
  const { history } = await jsonOf(fetch(`${server.url}/health/detailed`))
  expect(history.map(({ component }: { component: string }) => component).sort()).toEqual([
    ...['event_store', 'memory', 'network', 'storage'],
  ])
  expect(history[0]).toEqual({
    component: expect.any(String),
    from: 'unknown',
    to: expect.stringMatching(/^(up|degraded)$/),
    at: expect.any(String),
  })
})

test('a component that does not exist is a 404', async () => {
  expect((await fetch(`${server.url}/health/soul`)).status).toBe(404)
})

test('every metric is told in docs/METRICS.md, and nothing else is', async () => {
  const all = await server.app.get(Metrics, { strict: false }).registry.getMetricsAsJSON()
  const own = all.filter(({ name }) => name.startsWith('lighthouse_'))
  const rows = readFileSync('docs/METRICS.md', 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| `lighthouse_'))
    .map(line => line.split('|').map(cell => cell.trim().replaceAll('`', '')))
  const told = rows.map(([, name, type, , meaning]) => [name, type, meaning])
  expect(own.map(({ name, type, help }) => [name, type, help]).sort()).toEqual(told.sort())
})

test('of every gauge it is said what it is when several threads have it, and of nothing that is no metric', async () => {
  const all = await server.app.get(Metrics, { strict: false }).registry.getMetricsAsJSON()
  const without = all.filter(({ name, type }) => String(type) === 'gauge' && ruleOf(name) === undefined)
  expect(without.map(({ name }) => name)).toEqual([])
  const names = new Set(all.map(({ name }) => name))
  expect(RULED.filter(name => !names.has(name))).toEqual([])
  const [, section = ''] = readFileSync('docs/METRICS.md', 'utf8').split('## Several threads')
  const others = RULED.filter(name => ['sum', 'each'].includes(ruleOf(name) ?? ''))
  expect(others.filter(name => !section.includes(`\`${name}\``))).toEqual([])
})

test('what happened is counted, and nothing secret is', async () => {
  const answer = await server.call('/metrics')
  const text = await answer.text()
  expect(answer.headers.get('content-type')).toContain('text/plain')
  expect(text).toContain('lighthouse_events_appended_total{agent_id="operator",event_type="Told"} 1')
  expect(text).toContain('lighthouse_appends_failed_total{code="REVISION_CONFLICT"} 1')
  expect(text).toContain('lighthouse_denied_total{reason="FORBIDDEN"} 1')
  expect(text).toMatch(
    /lighthouse_http_request_duration_seconds_count\{method="POST",route="\/v1\/events",status="409"\} 1/,
  )
  expect(text).toContain('lighthouse_head_position 1')
  expect(text).toContain('lighthouse_events_read_total 1')
  expect(text).not.toContain('canary')
})

async function metricsOf(headers: Readonly<Record<string, string>>): Promise<Map<string, number>> {
  const answer = await fetch(`${server.url}/metrics`, { headers })
  expect(answer.status).toBe(200)
  const series = (await answer.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(series.map(line => [line.replace(/ [^ ]+$/, ''), Number(line.replace(/.* /, ''))]))
}

test('who may not see agents, types and groups sees their sums', async () => {
  const json = { filter: { streams: ['agent_a'] }, after: 0 }
  for (const group of ['first-group', 'second-group'])
    expect((await server.call(`/v1/subscriptions/${group}`, { method: 'PUT', json, as: ADMIN })).status).toBe(201)
  const more = { type: 'Whispered', stream: 'agent_c', data: {} }
  await server.call('/v1/events', { json: more, as: agent('c', 'system_agent') })
  const named = (name: string) => /(agent_id|event_type|subscription)="/.test(name)
  let whole = await metricsOf({ authorization: bearerOf(ADMIN) })
  // The figures of groups are looked at once a second.
  while (![...whole.keys()].some(name => name.includes('"second-group"'))) {
    whole = await metricsOf({ authorization: bearerOf(ADMIN) })
  }
  const told = [...whole.keys()].filter(named)
  for (const name of ['operator', 'Told', 'Whispered', 'first-group', 'second-group'])
    expect(told.join()).toContain(`"${name}"`)
  const sumOf = (metric: string) =>
    [...whole].filter(([name]) => name.startsWith(`${metric}{`)).reduce((sum, [, value]) => sum + value, 0)
  const limited = { authorization: bearerOf(agent('spy', 'agent')) }
  for (const headers of [limited, {}]) {
    const seen = await metricsOf(headers)
    const text = [...seen.keys()].join('\n')
    for (const name of ['operator', 'spy', 'Told', 'Whispered', 'first-group', 'second-group']) {
      expect(text).not.toContain(name)
    }
    const appended = 'lighthouse_events_appended_total'
    expect(seen.get(`${appended}{agent_id="all",event_type="all"}`)).toBe(sumOf(appended))
    for (const gauge of ['lag', 'in_flight', 'retrying', 'parked', 'stalled']) {
      const name = `lighthouse_subscription_${gauge}`
      expect([name, seen.get(`${name}{subscription="all"}`)]).toEqual([name, sumOf(name)])
    }
    // What names nobody is the same for everybody.
    const plain = [...whole.keys()].filter(name => name.startsWith('lighthouse_') && !told.includes(name))
    expect([...seen.keys()].filter(name => plain.includes(name)).length).toBe(plain.length)
  }
})

test('a token that is not good is refused rather than passed over, and a good one costs no quota', async () => {
  for (const authorization of ['Bearer nonsense', 'Basic YTpi', bearerOf(ADMIN, 1)]) {
    const answer = await fetch(`${server.url}/metrics`, { headers: { authorization } })
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'UNAUTHENTICATED' }])
    expect(answer.headers.get('www-authenticate')).toContain('Bearer realm="lighthouse"')
  }
  expect((await server.call('/metrics')).headers.get('ratelimit')).toBeNull()
})

test('strangers who ask again and again are shown one picture', async () => {
  const metrics = server.app.get(Metrics, { strict: false })
  let looks = 0
  metrics.gauge('probe_of_this_test', 'Counts who looks.', () => ++looks)
  const beganMs = performance.now()
  await Promise.all(Array.from({ length: 100 }, () => metricsOf({})))
  // A picture stands for a second.
  expect(looks).toBeLessThanOrEqual(2 + (performance.now() - beganMs) / 1_000)
})

test('decisions are counted by the shipped rules, once, and strangers see their sum', async () => {
  const json = { type: 'ValidationDecided', stream: 'agent_a', data: { decision: 'canary' } }
  const headers = { 'idempotency-key': 'decided-once' }
  for (const status of [201, 200])
    expect((await server.call('/v1/events', { json, headers, as: ADMIN })).status).toBe(status)
  const of = (outcome: string) =>
    `lighthouse_business_events_total{metric="validation_decisions",event_outcome="${outcome}"}`
  expect((await metricsOf({ authorization: bearerOf(ADMIN) })).get(of('canary'))).toBe(1)
  let seen = await metricsOf({})
  // That text is up to a second old.
  while (!seen.has(of('all'))) seen = await metricsOf({})
  expect(seen.get(of('all'))).toBe(1)
  expect([...seen.keys()].join()).not.toContain('canary')
})

test('what admins do to the service is counted by what came of it, and what they look at is not', async () => {
  const forced = (json: object, as = ADMIN) => server.call('/v1/admin/mode', { json, as })
  expect((await forced({ mode: 'WARNING', reason: 'a drill' })).status).toBe(200)
  expect((await forced({ mode: 'NORMAL', reason: 'the drill is over' })).status).toBe(200)
  expect((await forced({ mode: 'WRONG' })).status).toBe(400)
  expect((await forced({ mode: 'WARNING', reason: 'x' }, agent('a', 'agent'))).status).toBe(403)
  expect((await server.call('/v1/admin/mode')).status).toBe(200)
  const seen = await metricsOf({ authorization: bearerOf(ADMIN) })
  const told = [...seen].filter(([name]) => name.startsWith('lighthouse_admin_actions_total'))
  expect(told).toEqual([
    ['lighthouse_admin_actions_total{action="forceMode",outcome="done"}', 2],
    ['lighthouse_admin_actions_total{action="forceMode",outcome="refused"}', 2],
  ])
})

test('each component, each sync and the settings in force are told', async () => {
  await server.app.get(ComponentHistory, { strict: false }).look()
  const seen = await metricsOf({ authorization: bearerOf(ADMIN) })
  for (const component of ['event_store', 'network'])
    expect(seen.get(`lighthouse_component_up{component="${component}"}`)).toBe(1)
  expect(seen.get('lighthouse_append_batch_events_count')).toBe(seen.get('lighthouse_sync_duration_seconds_count'))
  expect(seen.get('lighthouse_append_batch_events_sum')).toBe(seen.get('lighthouse_head_position'))
  expect(
    [...seen.keys()].filter(name => /^lighthouse_config_info\{hash="[0-9a-f]{16}",version="/.test(name)),
  ).toHaveLength(1)
  expect(seen.get('lighthouse_disk_usage_bytes')).toBeGreaterThanOrEqual(0)
})
