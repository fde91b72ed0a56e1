// Consumers of a group over real sockets: each event to one of them, settled by its token, and nothing before its time.

import { startFronted, startWriter } from '../../../test/support/fronted-server.js'
import { agent, bearerOf, type ServerUnderTest } from '../../../test/support/http-server-under-test.js'
import { StreamClient } from '../../../test/support/stream-client.js'
import type { Identity } from '../../auth/access.js'

let server: ServerUnderTest
const clients: StreamClient[] = []
const worker = (n: number | string) => agent(`worker-${n}`, 'system_agent')

describe.each([
  ['in one thread', startWriter],
  ['at a front thread', startFronted],
])('%s', (_, start) => {
  beforeEach(async () => {
    server = await start()
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.terminate()
    await server.stop()
  })

  async function open(as: Identity = worker(1), protocol = 'lighthouse.v1.json'): Promise<StreamClient> {
    const client = await StreamClient.open(server.url, { authorization: bearerOf(as), protocol })
    clients.push(client)
    await client.next('welcome')
    return client
  }

  const append = (count: number, stream = 'tasks') =>
    server.store.append({
      events: Array.from({ length: count }, (_, n) => ({ type: 'task', stream, data: { n } })),
      author: { agentId: 'writer' },
    })

  async function define(settings: object = {}, name = 'work'): Promise<void> {
    const answer = await server.call(`/v1/subscriptions/${name}`, {
      method: 'PUT',
      json: { after: 'start', consumers: { agents: ['*'] }, ...settings },
    })
    expect(answer.status).toBe(201)
  }

  describe.each(['lighthouse.v1.json', 'lighthouse.v1.msgpack'])('spoken as %s', protocol => {
    test('two consumers share the work, and what is settled comes to nobody again', async () => {
      await define()
      await append(40)
      const pair = [await open(worker(1), protocol), await open(worker(2), protocol)]
      for (const client of pair) client.send({ type: 'consume', id: 'c', subscription: 'work', maxInFlight: 4 })
      const done: number[] = []
      const work = async (client: StreamClient) => {
        expect(await client.next('consuming', 'c')).toEqual({ type: 'consuming', id: 'c', subscription: 'work' })
        for (let n = 1; done.length < 40; n++) {
          const { token, attempt, event, deadline } = (await client.all('delivery', n)).at(n - 1)
          expect([attempt, event.stream, Date.parse(deadline) > Date.now()]).toEqual([1, 'tasks', true])
          client.send({ type: 'ack', id: `ack-${event.position}`, subscription: 'work', tokens: [token] })
          expect((await client.all('settled', n)).at(n - 1)).toEqual({
            type: 'settled',
            id: `ack-${event.position}`,
            count: 1,
          })
          done.push(event.position)
        }
      }
      const working = pair.map(work)
      await Promise.race(working)
      for (const client of pair) await client.close()
      await Promise.allSettled(working)
      expect(done.toSorted((one, other) => one - other)).toHaveLength(40)
      expect(new Set(done).size).toBe(40)
    })
  })

  test('a consumer has no more at once than it asked for, and gets the next when one is settled', async () => {
    await define()
    await append(10)
    const client = await open()
    client.send({ type: 'consume', id: 'c', subscription: 'work', maxInFlight: 2 })
    const [first] = await client.all('delivery', 2)
    client.send({ type: 'ping' })
    await client.next('heartbeat')
    expect(await client.all('delivery', 2)).toHaveLength(2)
    client.send({ type: 'nack', id: 'n', subscription: 'work', tokens: [first.token], action: 'skip' })
    await client.next('settled', 'n')
    expect(await client.all('delivery', 3)).toHaveLength(3)
  })

  test('what is returned for a part of a second comes again, as over HTTP', async () => {
    await define()
    await append(2)
    const client = await open()
    client.send({ type: 'consume', id: 'c', subscription: 'work', maxInFlight: 4 })
    const [first, second] = await client.all('delivery', 2)
    const nack = { action: 'retry', delaySeconds: 0.25 }
    client.send({ ...nack, type: 'nack', id: 'n', subscription: 'work', tokens: [first.token] })
    expect(await client.next('settled', 'n')).toMatchObject({ count: 1 })
    const json = { ...nack, tokens: [second.token] }
    expect((await server.call('/v1/subscriptions/work/nack', { as: worker(1), json })).status).toBe(200)
    expect((await client.all('delivery', 4)).slice(2).map(({ attempt }) => attempt)).toEqual([2, 2])
  })

  test('what is not settled is told by a problem, and nothing else changes', async () => {
    await define()
    await append(2)
    const client = await open()
    client.send({ type: 'consume', id: 'c', subscription: 'nowhere' })
    expect(await client.next('error', 'c')).toMatchObject({ problem: { code: 'NOT_FOUND' } })
    client.send({ type: 'consume', id: 'c', subscription: 'work' })
    const [{ token }] = await client.all('delivery', 2)
    client.send({ type: 'ack', id: 'a', subscription: 'work', tokens: [token, '1.999'] })
    expect(await client.next('error', 'a')).toMatchObject({
      problem: { code: 'STALE_DELIVERY', status: 409, errors: [{ pointer: '/tokens/1' }] },
    })
    client.send({ type: 'ack', id: 'b', subscription: 'work', tokens: [token] })
    expect(await client.next('settled', 'b')).toMatchObject({ count: 1 })
    client.send({ type: 'consume', id: 'c', subscription: 'work' })
    expect(await client.next('error', 'c')).toMatchObject({ problem: { errors: [{ pointer: '/id' }] } })
  })

  test('a consumer ends when it is told to, when its group is deleted, and with its connection', async () => {
    await define()
    const client = await open()
    client.send({ type: 'consume', id: 'c', subscription: 'work' })
    await client.next('consuming', 'c')
    client.send({ type: 'unsubscribe', id: 'c' })
    expect(await client.next('closed', 'c')).toEqual({ type: 'closed', id: 'c', reason: 'unsubscribed' })
    await append(1)
    client.send({ type: 'consume', id: 'd', subscription: 'work', maxInFlight: 1 })
    await client.next('delivery', 'd')
    expect((await server.call('/v1/subscriptions/work', { method: 'DELETE' })).status).toBe(204)
    expect(await client.next('closed', 'd')).toMatchObject({ reason: 'NOT_FOUND', problem: { code: 'NOT_FOUND' } })
  })

  test('what a cut connection had is handed to another after its time, with a new token, and the old one is void', async () => {
    await define({ ackTimeoutSeconds: 1 })
    await append(1)
    const lost = await open(worker('lost'))
    lost.send({ type: 'consume', id: 'c', subscription: 'work' })
    const first = await lost.next('delivery', 'c')
    lost.socket.terminate()
    const other = await open(worker('other'))
    other.send({ type: 'consume', id: 'c', subscription: 'work' })
    const second = await other.next('delivery', 'c')
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(first.deadline))
    expect(second).toMatchObject({ attempt: 2, event: { position: first.event.position } })
    expect(second.token).not.toBe(first.token)
    const late = await open(worker('lost'))
    late.send({ type: 'ack', id: 'a', subscription: 'work', tokens: [first.token] })
    expect(await late.next('error', 'a')).toMatchObject({ problem: { code: 'STALE_DELIVERY' } })
    other.send({ type: 'ack', id: 'a', subscription: 'work', tokens: [second.token] })
    expect(await other.next('settled', 'a')).toMatchObject({ count: 1 })
  })

  test('a consumer is handed only what its token may see', async () => {
    await define()
    await append(3, 'hidden')
    await append(3, 'shown')
    const client = await open(agent('narrow', 'agent', { 'streams.subscribe': ['shown'] }))
    client.send({ type: 'consume', id: 'c', subscription: 'work' })
    const deliveries = await client.all('delivery', 3)
    expect(deliveries.map(({ event }) => event.stream)).toEqual(['shown', 'shown', 'shown'])
    const stranger = await open(agent('stranger', 'agent', { 'events.read': ['*'] }))
    stranger.send({ type: 'consume', id: 'c', subscription: 'work' })
    expect(await stranger.next('error', 'c')).toMatchObject({ problem: { code: 'FORBIDDEN' } })
  })

  test('a consumer that does not read is sent no more than its socket holds, and what it has is handed out again', async () => {
    await define({ ackTimeoutSeconds: 2, maxAttempts: 20 })
    const text = 'x'.repeat(900_000)
    for (let n = 0; n < 12; n++) {
      await server.store.append({
        events: [{ type: 'task', stream: 'large', data: { n, text } }],
        author: { agentId: 'w' },
      })
    }
    const slow = await open(worker('slow'))
    slow.socket.pause()
    slow.send({ type: 'consume', id: 'c', subscription: 'work', maxInFlight: 12 })
    const quick = await open(worker('quick'))
    quick.send({ type: 'consume', id: 'c', subscription: 'work', maxInFlight: 12 })
    const seen = new Set<number>()
    for (let n = 1; seen.size < 12; n++) {
      const { token, event } = (await quick.all('delivery', n)).at(n - 1)
      quick.send({ type: 'ack', id: `a${n}`, subscription: 'work', tokens: [token] })
      // Whoever is late on a busy machine is told so, and is given it again.
      const answer = await Promise.race([quick.all('settled', 1, `a${n}`), quick.all('error', 1, `a${n}`)])
      if (answer[0]?.type === 'settled') seen.add(event.data.n)
    }
  })

  test('a consumer that is ended with the next frame leaves the work to others', async () => {
    await define({ ackTimeoutSeconds: 1 })
    await append(3)
    const client = await open()
    client.send({ type: 'consume', id: 'brief', subscription: 'work' })
    client.send({ type: 'unsubscribe', id: 'brief' })
    expect(await client.next('closed', 'brief')).toMatchObject({ reason: 'unsubscribed' })
    client.send({ type: 'consume', id: 'nobody', subscription: 'nowhere' })
    expect(await client.next('error', 'nobody')).toMatchObject({ problem: { code: expect.any(String) } })
    const other = await open(worker(2))
    other.send({ type: 'consume', id: 'other', subscription: 'work', maxInFlight: 10 })
    const given = await other.all('delivery', 3)
    expect(given.map(({ id }) => id)).toEqual(['other', 'other', 'other'])
  })

  test('a connection settles what it was given over HTTP, and each of its consumers has room for what is its own', async () => {
    await define()
    await define({ filter: { streams: ['others'] } }, 'other')
    await append(1)
    await append(2, 'others')
    const client = await open()
    const taken = await server.call('/v1/subscriptions/other/take?max=1', { method: 'POST', as: worker(1) })
    const { deliveries } = (await taken.json()) as { deliveries: { token: string }[] }
    const token = deliveries[0]?.token as string
    client.send({ type: 'ack', id: 'a', subscription: 'other', tokens: [token] })
    expect(await client.next('settled', 'a')).toMatchObject({ count: 1 })
    for (const [id, subscription] of [
      ['w', 'work'],
      ['o', 'other'],
    ])
      client.send({ type: 'consume', id, subscription, maxInFlight: 1 })
    const [first] = await client.all('delivery', 1, 'w')
    const [other] = await client.all('delivery', 1, 'o')
    client.send({ type: 'ack', id: 'b', subscription: 'work', tokens: [first.token] })
    expect((await client.all('delivery', 2, 'w')).map(({ event }) => event.stream)).toEqual(['tasks', 'others'])
    client.send({ type: 'ack', id: 'c', subscription: 'other', tokens: [other.token] })
    expect(await client.next('settled', 'c')).toMatchObject({ count: 1 })
  })
})
