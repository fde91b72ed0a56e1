// A time that is asked for does not tell when something was stored that the token may not read.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ADMIN, agent, bearerOf, jsonOf, type ServerUnderTest, startServer } from '../support/http-server-under-test.js'
import { StreamClient } from '../support/stream-client.js'
import { modulesUnderTest, nextMillisecond } from './twin.js'

const READER = agent('reader', 'agent', { 'events.read': ['open_*'], 'streams.subscribe': ['open_*'] })
const STREAMS = ['open_a', 'secret', 'secret', 'secret', 'open_b']

let server: ServerUnderTest
const stored: { readonly position: number; readonly timestamp: string }[] = []
beforeAll(async () => {
  server = await startServer(modulesUnderTest())
  for (const stream of STREAMS) {
    await nextMillisecond()
    const asked = { events: [{ type: 'Told', stream, data: {} }], author: { agentId: 'a' } }
    const { events } = await server.store.append(asked)
    stored.push(...events)
  }
})
afterAll(() => server.stop())

test('a replay up to a time, or from a time on, answers with a position that may be seen', async () => {
  const positionAt = async (moment: object, as = READER) =>
    (await jsonOf(server.call('/v1/replay', { as, json: { reducer: 'count', ...moment } }))).position
  const [first] = stored
  for (const { timestamp } of stored.slice(0, -1)) {
    expect(await positionAt({ at: timestamp })).toBe(first?.position)
    expect(await positionAt({ at: timestamp, after: timestamp })).toBe(first?.position)
  }
  expect(await positionAt({ at: stored[4]?.timestamp })).toBe(stored[4]?.position)
  expect(await positionAt({ at: stored[2]?.timestamp }, ADMIN)).toBe(stored[2]?.position)
  expect(await positionAt({ at: '2020-01-01T00:00:00Z' })).toBe(0)
})

test('a subscription from a time on begins before what may be seen', async () => {
  const client = await StreamClient.open(server.url, { authorization: bearerOf(READER) })
  const times = stored.slice(1).map(({ timestamp }) => timestamp)
  client.send(...times.map((after, n) => ({ type: 'subscribe', id: `s${n}`, after })))
  for (const n of times.keys()) {
    const [{ position }] = await client.all('subscribed', 1, `s${n}`)
    expect(position).toBe((stored[4]?.position as number) - 1)
    const [{ event }] = await client.all('event', 1, `s${n}`)
    expect(event.position).toBe(stored[4]?.position)
  }
  await client.close()
})
