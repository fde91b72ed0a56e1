// Who a token is: its scopes spelled out, what is left of its limits, and how long it lasts by the server's clock.
import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  limitedTo,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { StreamClient } from '../../test/support/stream-client.js'
import type { Identity } from '../auth/access.js'
import { DEFAULT_WORK_LIMITS } from '../contract/work-limits.js'
import { GroupsModule } from '../groups/groups.module.js'
import { WebSocketModule } from '../websocket/websocket.module.js'
import { OperationsModule } from './operations.module.js'

let server: ServerUnderTest
afterEach(() => server.stop())

const start = async (more?: Parameters<typeof startServer>[1]) => {
  server = await startServer([OperationsModule, GroupsModule, WebSocketModule], more)
}
const whoami = (as?: Identity) => jsonOf(server.call('/v1/whoami', as === undefined ? {} : { as }))

test('an agent is told its role, its scopes with own spelled out, and when its token ends', async () => {
  await start()
  const exp = Math.floor(Date.now() / 1000) + 600
  const onBehalfOf = ['planner-1']
  const authorization = bearerOf({ ...agent('builder-1'), onBehalfOf }, exp)
  const answer = await server.call('/v1/whoami', { headers: { authorization } })
  const own = ['agent_builder-1', 'agent_builder-1/*', 'agent-builder-1', 'agent-builder-1/*']
  const told = await jsonOf(answer)
  expect(told).toMatchObject({
    agentId: 'builder-1',
    role: 'agent',
    onBehalfOf,
    scopes: {
      'events.read': ['*'],
      'events.write': own,
      'events.query': ['*'],
      'streams.subscribe': ['*'],
      'subscriptions.manage': ['*'],
    },
    own: { patterns: own },
    expiresAt: new Date(exp * 1000).toISOString(),
  })
  expect(Object.keys(told.scopes)).not.toContain('admin.read')
  expect(told.expiresInSeconds).toBeGreaterThan(590)
  expect(told.expiresInSeconds).toBe(Math.floor((exp * 1000 - Date.parse(told.serverTime)) / 1000))
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
})

test('an id with a slash owns nothing, and is told so', async () => {
  await start()
  const { own, scopes } = await whoami(agent('builder/1'))
  expect(own).toEqual({ patterns: [], reason: expect.stringContaining('slash') })
  expect(scopes['events.write']).toBeUndefined()
})

test('permissions of the token are told in place of those of the role', async () => {
  await start()
  const permissions = { 'events.read': ['own', 'all', 'own', '$*'] }
  const { scopes } = await whoami(agent('a', 'admin', permissions))
  expect(scopes).toEqual({ 'events.read': ['agent_a', 'agent_a/*', 'agent-a', 'agent-a/*', '*', '$*'] })
})

test('issuer and id of the token are told when it names them', async () => {
  await start()
  expect(await whoami()).not.toHaveProperty('issuer')
  const claims = { iss: 'https://id.example', jti: 't-1' }
  const authorization = bearerOf(agent('a'), undefined, claims)
  const told = await jsonOf(server.call('/v1/whoami', { headers: { authorization } }))
  expect(told).toMatchObject({ issuer: claims.iss, tokenId: claims.jti })
})

test('what is left of its limits shrinks as it asks, and asking who it is counts', async () => {
  await start(limitedTo({ requestsPerMinute: 4, batch: 7 }))
  const lefts: number[] = []
  for (let asked = 0; asked < 3; asked++) lefts.push((await whoami()).limits.requestsPerMinute.left)
  expect(lefts).toEqual([3, 2, 1])
  expect((await whoami()).limits).toEqual({
    requestsPerMinute: { limit: 4, left: 0 },
    eventsPerMinute: { limit: 1e9, left: 1e9 },
    bytesPerMinute: { limit: 1e12, left: 1e12 },
    batch: 7,
    batchBytes: 10 * 1024 * 1024,
    eventBytes: 1024 * 1024,
    bodyBytes: 16 * 1024 * 1024,
  })
})

test('what it holds is taken from its limits of work, groups of its own included', async () => {
  await start()
  const { work } = await whoami()
  expect(Object.keys(work)).toEqual(Object.keys(DEFAULT_WORK_LIMITS))
  expect(work.groups).toEqual({ limit: 50, left: 50 })
  const client = await StreamClient.open(server.url, { authorization: bearerOf(ADMIN) })
  await client.next('welcome')
  expect((await server.call('/v1/subscriptions/builders', { method: 'PUT', json: {} })).status).toBe(201)
  const now = (await whoami()).work
  expect([now.connections.left, now.groups.left]).toEqual([99, 49])
  expect((await whoami(agent('other'))).work.groups.left).toBe(50)
  await client.close()
})

test('a token without any permission is told who it is, a stranger is not', async () => {
  await start()
  expect(await whoami(agent('a', 'admin', {}))).toMatchObject({ agentId: 'a', role: 'admin', scopes: {} })
  expect((await fetch(`${server.url}/v1/whoami`)).status).toBe(401)
})
