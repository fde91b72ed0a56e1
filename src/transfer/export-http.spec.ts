// `GET /v1/export`: everything, in order, with an end; and only for who may read everything.
import { agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import { EventsModule } from '../events/events.module.js'
import { ExchangeModule } from './transfer.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([EventsModule, ExchangeModule])
})
afterAll(() => server.stop())

async function linesOf(path: string): Promise<Record<string, never>[]> {
  const text = await (await server.call(path)).text()
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

test('all events, those of the service too, each as everywhere, and the bytes of those that do not say them', async () => {
  const event = { type: 't', stream: 's', data: { n: 1 } }
  await server.store.append({ events: [event], author: { agentId: 'a' } })
  await server.store.append({ events: [event], author: { agentId: 'a' }, key: 'k' })
  await server.store.append({ events: [{ ...event, stream: '$own' }], author: { agentId: SERVICE_AGENT } })
  const lines = await linesOf('/v1/export')
  const events = await Promise.all([1, 2, 3].map(position => jsonOf(server.call(`/v1/events/${position}`))))
  expect(lines).toEqual([
    { type: 'event', event: events[0] },
    { type: 'event', event: events[1], record: expect.any(String) },
    { type: 'event', event: events[2] },
    { type: 'end', position: 3, count: 3 },
  ])
  expect(await linesOf('/v1/export?after=2')).toHaveLength(2)
  expect(await linesOf('/v1/export?after=3')).toEqual([{ type: 'end', position: 3, count: 0 }])
})

test.each([
  ['no admin.read', agent('a', 'agent'), {}, 403],
  ['not every stream', agent('a', 'admin', { 'admin.read': ['all'], 'events.read': ['all'] }), {}, 403],
  ['a system agent', agent('a', 'system_agent'), {}, 200],
  ['another form', agent('a', 'admin'), { accept: 'application/json' }, 406],
] as const)('%s', async (_, as, headers, status) => {
  const answer = await server.call('/v1/export', { as, headers })
  await answer.body?.cancel()
  expect(answer.status).toBe(status)
})
