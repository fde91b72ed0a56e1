// Two servers with limits in one memory, as two threads have them: what a client is told does not depend on which it asks.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { agent, limitedTo, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { until } from '../../test/support/until.js'
import { AddressLimit } from '../auth/address-limit.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import { memoryOfLimits, SharedLimits } from '../threads/shared-limits.js'
import { EventsModule } from './events.module.js'

const PREFLIGHTS_PER_MINUTE = 10_000
const ORIGIN = 'https://console.example.org'

let servers: readonly [ServerUnderTest, ServerUnderTest]
/** Of a third thread. */
let limits: SharedLimits

beforeAll(async () => {
  const memory = memoryOfLimits(3)
  const settings = { ...limitedTo({ requestsPerMinute: 4 }, { waits: 1 }), corsOrigins: [ORIGIN] }
  const server = (thread: number) =>
    startServer([EventsModule], settings, undefined, {
      limits: new SharedLimits(thread, memory),
    })
  servers = [await server(0), await server(1)]
  limits = new SharedLimits(2, memory)
})
afterAll(() => Promise.all(servers.map(server => server.stop())))

test('an agent has one quota for requests to both', async () => {
  const [one, other] = servers
  const answers: string[] = []
  for (const server of [one, other, other, one, other]) {
    const { status, headers } = await server.call('/v1/events', { as: agent('ada') })
    answers.push(`${status} ${/r=\d/.exec(headers.get('ratelimit') ?? '')}`)
  }
  expect(answers).toEqual(['200 r=3', '200 r=2', '200 r=1', '200 r=0', '429 r=0'])
})

test('a wait that one holds open is missing at the other, until it ends', async () => {
  const [one, other] = servers
  const budgets = new WorkBudgets(undefined, limits)
  const wait = '/v1/events/wait?type=nothing&timeout=50'
  const leaving = new AbortController()
  const left = one.call(wait, { as: agent('bob'), signal: leaving.signal }).catch(() => 'left')
  await until(() => budgets.heldBy('bob', 'waits') === 1, 1)
  expect((await other.call(wait, { as: agent('bob') })).status).toBe(429)
  leaving.abort()
  expect(await left).toBe('left')
  await until(() => budgets.heldBy('bob', 'waits') === 0, 1)
  const { status } = await other.call('/v1/events/wait?type=nothing&timeout=0.01', { as: agent('bob') })
  expect(status).toBe(204)
})

test('failed tokens of an address are counted by both', async () => {
  const [one, other] = servers
  const failed = async (server: ServerUnderTest) =>
    (await server.call('/v1/events', { headers: { authorization: 'Bearer x' } })).status
  for (let n = 0; n < 30; n++) expect([await failed(one), await failed(other)]).toEqual([401, 401])
  expect([await failed(one), await failed(other)]).toEqual([429, 429])
  expect((await one.call('/v1/events', { as: agent('cem') })).status).toBe(200)
})

test('preflights of an address are counted by both', async () => {
  const [one, other] = servers
  const preflight = async (server: ServerUnderTest) => {
    const headers = { origin: ORIGIN, 'access-control-request-method': 'GET' }
    return (await server.call('/v1/events', { method: 'OPTIONS', headers })).status
  }
  const elsewhere = new AddressLimit(PREFLIGHTS_PER_MINUTE, 'preflights', limits)
  for (let n = 0; n < PREFLIGHTS_PER_MINUTE - 2; n++) elsewhere.admits('127.0.0.1')
  expect([await preflight(one), await preflight(other), await preflight(one), await preflight(other)]).toEqual([
    204, 204, 429, 429,
  ])
})
