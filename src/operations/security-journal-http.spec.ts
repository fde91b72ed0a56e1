// What was denied, as it is found in `$security` afterwards: who, what and how often, and no token.
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { StoreError } from '../contract/errors.js'
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

test('what is denied while the server ends is written down as well', async () => {
  const dataDir = makeTempDirectory()
  const ending = await startServer([EventsModule, OperationsModule], { dataDir })
  const nosy = bearerOf(agent('nosy', 'guest'))
  const body = JSON.stringify(json)
  const socket = connect(Number(new URL(ending.url).port))
  const answered = text(socket)
  socket.write(
    `POST /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: ${nosy}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
  )
  // Then the server has begun with the request, and an end in order waits for it.
  await once(socket, 'data')
  expect((await ending.call('/v1/events', { json, as: agent('before', 'guest') })).status).toBe(403)
  const ended = ending.stop()
  while (ending.store.head() === 0) await new Promise(setImmediate)
  socket.write(body.slice(9))
  expect(await answered).toContain('HTTP/1.1 403 ')
  await ended
  const next = await startServer([EventsModule], { dataDir })
  const { events } = await jsonOf(next.call('/v1/events?stream=$security', { as: agent('auditor', 'system_agent') }))
  expect(events.map(({ data }: { data: { who: string } }) => data.who)).toEqual(['before', 'nosy'])
  await next.stop()
  removeTempDirectory(dataDir)
})

test('what was denied while the store took nothing is written later, once', async () => {
  const journal = server.app.get(SecurityJournal, { strict: false })
  await journal.write()
  const stored = server.store.append.bind(server.store)
  server.store.append = () => Promise.reject(new StoreError('DISK_FULL', 'the disk is full'))
  expect((await server.call('/v1/events', { json, as: agent('later', 'guest') })).status).toBe(403)
  await journal.write()
  server.store.append = stored
  await journal.write()
  await journal.write()
  const { events } = await jsonOf(recorded())
  const told = events.filter(({ data }: { data: { who: string } }) => data.who === 'later')
  expect(told).toEqual([expect.objectContaining({ occurredAt: expect.any(String) })])
})

test('nobody writes there, an admin neither', async () => {
  const answer = await server.call('/v1/events', { json: { ...json, stream: '$security' }, as: ADMIN })
  expect([400, 403]).toContain(answer.status)
})
