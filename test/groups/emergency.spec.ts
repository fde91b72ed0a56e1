// While the service takes no appends, groups hand out nothing new, and what is out can still be settled.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { EventsModule } from '../../src/events/events.module.js'
import { GroupsModule } from '../../src/groups/groups.module.js'
import { OperationsModule } from '../../src/operations/operations.module.js'
import { jsonOf, type ServerUnderTest, startServer } from '../support/http-server-under-test.js'

let server: ServerUnderTest
beforeEach(async () => {
  server = await startServer([EventsModule, GroupsModule, OperationsModule])
})
afterEach(() => server.stop())

const take = () => server.call('/v1/subscriptions/builders/take?max=1', { json: {} })
const settle = (how: 'ack' | 'nack', more: object) => server.call(`/v1/subscriptions/builders/${how}`, { json: more })

test('a take is refused, an ack and a nack of what is out are taken', async () => {
  const define = { method: 'PUT', json: { filter: { streams: ['tasks'] }, after: 'start' } }
  expect((await server.call('/v1/subscriptions/builders', define)).status).toBe(201)
  for (const type of ['a', 'b', 'c']) {
    const json = { type, stream: 'tasks', data: {} }
    expect((await server.call('/v1/events', { json })).status).toBe(201)
  }
  const tokens: string[] = []
  for (let n = 0; n < 2; n++) tokens.push((await jsonOf(take())).deliveries[0].token)
  const forced = { json: { mode: 'EMERGENCY', reason: 'the disk is being moved' } }
  expect((await server.call('/v1/admin/mode', forced)).status).toBe(200)
  const refused = await take()
  expect([refused.status, (await jsonOf(refused)).code]).toEqual([503, 'MODE_FORBIDS'])
  expect((await settle('ack', { tokens: [tokens[0]] })).status).toBe(200)
  expect((await settle('nack', { tokens: [tokens[1]], action: 'retry' })).status).toBe(200)
})
