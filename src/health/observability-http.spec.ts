// Health and metrics over real HTTP: what a prober and a scraper see of a server that has just done something.
import { readFileSync } from 'node:fs'
import {
  ADMIN,
  agent,
  authUnderTest,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'
import { Metrics } from '../metrics/metrics.js'
import { ReplayModule } from '../replay/replay.module.js'
import { SecurityModule } from '../security/security.module.js'
import { SnapshotsModule } from '../snapshots/snapshots.module.js'
import { GroupsModule } from '../subscriptions/groups/groups.module.js'
import { HealthModule } from './health.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  const events = EventsModule.of(authUnderTest)
  const replay = ReplayModule.of(events)
  const modules = [
    events,
    GroupsModule.of(authUnderTest),
    replay,
    SnapshotsModule.of(replay),
    SecurityModule.of(authUnderTest),
  ]
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

test('what happened is counted, and nothing secret is', async () => {
  const answer = await fetch(`${server.url}/metrics`)
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
