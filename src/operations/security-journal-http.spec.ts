// What was denied, as it is found in `$security` afterwards: who, what and how often, and no token.
import { ADMIN, agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'
import { OperationsModule } from './operations.module.js'
import { SecurityJournal } from './security-journal.service.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([EventsModule, OperationsModule])
})
afterAll(() => server.stop())

const json = { type: 'Told', stream: 'agent_a', data: {} }
const recorded = () => server.call('/v1/events?stream=$security', { as: agent('auditor', 'system_agent') })

test('refusals become events, one for each caller and reason, and only those who may see them', async () => {
  for (let i = 0; i < 3; i++)
    expect((await server.call('/v1/events', { json, as: agent('nosy', 'guest') })).status).toBe(403)
  const forged = { authorization: 'Bearer canary.canary.canary' }
  expect((await fetch(`${server.url}/v1/events`, { headers: forged })).status).toBe(401)
  await server.app.get(SecurityJournal, { strict: false }).write()
  const { events } = await jsonOf(recorded())
  expect(events.map(({ type, agentId, data }: Record<string, unknown>) => ({ type, agentId, data }))).toEqual([
    {
      type: 'access.denied',
      agentId: '$service',
      data: expect.objectContaining({ reason: 'FORBIDDEN', who: 'nosy', count: 3 }),
    },
    {
      type: 'access.denied',
      agentId: '$service',
      data: expect.objectContaining({ reason: 'UNAUTHENTICATED', count: 1 }),
    },
  ])
  expect(JSON.stringify(events)).not.toContain('canary')
  expect(await jsonOf(server.call('/v1/events', { as: agent('other') }))).toMatchObject({ events: [] })
})

test('nobody writes there, an admin neither', async () => {
  const answer = await server.call('/v1/events', { json: { ...json, stream: '$security' }, as: ADMIN })
  expect([400, 403]).toContain(answer.status)
})
