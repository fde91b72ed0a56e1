// The stream over real sockets: who may open it, what it answers, and that a subscription misses and repeats nothing.
import {
  ADMIN,
  authUnderTest,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { StreamClient, type StreamOptions } from '../../test/support/stream-client.js'
import type { Identity } from '../auth/access.js'
import type { NewEvent } from '../contract/event.js'
import { EventsModule } from '../events/events.module.js'
import { SubscriptionsModule } from './subscriptions.module.js'

let server: ServerUnderTest
const clients: StreamClient[] = []

beforeEach(async () => {
  const events = EventsModule.of(authUnderTest)
  server = await startServer([events, SubscriptionsModule.of(authUnderTest, events)])
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate()
  await server.stop()
})

async function open(as: Identity | undefined = ADMIN, options: StreamOptions = {}): Promise<StreamClient> {
  const client = await StreamClient.open(server.url, { authorization: bearerOf(as), ...options })
  clients.push(client)
  return client
}

const author = { agentId: 'writer' }
const event = (parts: Partial<NewEvent> = {}): NewEvent => ({ type: 'tick', stream: 'clock', data: {}, ...parts })
const append = (...events: NewEvent[]) => server.store.append({ events, author })
const many = (count: number, parts?: (n: number) => Partial<NewEvent>) =>
  Array.from({ length: count }, (_, n) => event({ data: { n }, ...parts?.(n) }))
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)
const positions = (frames: { event: { position: number } }[]) => frames.map(frame => frame.event.position)

describe.each(['lighthouse.v1.json', 'lighthouse.v1.msgpack'])('spoken as %s', protocol => {
  test('a subscriber gets what was and what comes, in order and once', async () => {
    await append(...many(1_000))
    const client = await open(ADMIN, { protocol })
    expect(await client.next('welcome')).toEqual({
      type: 'welcome',
      agentId: 'operator',
      head: 1_000,
      expiresAt: expect.stringMatching(/^20\d\d-/),
    })
    client.send({ type: 'subscribe', id: 'all', after: 'start' })
    expect(await client.next('subscribed')).toEqual({ type: 'subscribed', id: 'all', position: 0 })
    for (let n = 0; n < 50; n++) await append(...many(20))
    const events = await client.all('event', 2_000, 'all')
    expect(positions(events)).toEqual(range(1, 2_000))
    const { events: read } = await jsonOf(server.call('/v1/events?limit=1'))
    expect(events[0].event).toEqual(read[0])
    expect((await client.next('caughtUp')).id).toBe('all')
  })

  test('appends are answered under their ids, conflicts too, and the connection goes on', async () => {
    const client = await open(ADMIN, { protocol })
    const events = [event({ data: { n: 1 } })]
    client.send({ type: 'append', id: '1', events, expectations: [{ stream: 'clock', expectedRevision: 'none' }] })
    expect(await client.next('appended', '1')).toMatchObject({
      firstPosition: 1,
      lastPosition: 1,
      duplicate: false,
      durability: 'fsync',
      events: [{ position: 1, stream: 'clock', revision: 0 }],
    })
    client.send({ type: 'append', id: '2', events, expectations: [{ stream: 'clock', expectedRevision: 'none' }] })
    expect(await client.next('error', '2')).toMatchObject({
      problem: { code: 'REVISION_CONFLICT', status: 409, violations: [{ stream: 'clock', actual: 0 }] },
    })
    client.send({ type: 'append', id: '3', events: [{ type: 'tick', stream: 'clock' }] })
    expect(await client.next('error', '3')).toMatchObject({
      problem: { code: 'INVALID_EVENT', errors: [{ pointer: '/events/0/data' }] },
    })
    for (let n = 0; n < 2; n++) client.send({ type: 'append', id: `k${n}`, events, key: 'once' })
    const [first, again] = [await client.next('appended', 'k0'), await client.next('appended', 'k1')]
    expect([first.duplicate, again.duplicate, again.lastPosition]).toEqual([false, true, first.lastPosition])
  })

  test('a thousand pipelined appends are all answered, in the order of their positions', async () => {
    const client = await open(ADMIN, { protocol })
    for (let n = 0; n < 1_000; n++) client.send({ type: 'append', id: `a${n}`, events: [event({ data: { n } })] })
    const answers = await client.all('appended', 1_000)
    expect(answers.map(({ id }) => id)).toEqual(range(0, 999).map(n => `a${n}`))
    expect(answers.map(({ firstPosition }) => firstPosition)).toEqual(range(1, 1_000))
  })
})
