// Consumers on sockets of front threads: what clients hear is what one thread says, and threads that die take nothing with them.
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { FrontThreadData } from '../../../test/support/front-thread.js'
import { addFront, type Front, startFront, startFronted, startWriter } from '../../../test/support/fronted-server.js'
import {
  agent,
  bearerOf,
  jsonOf,
  PLENTY_FOR_ALL,
  type ServerUnderTest,
} from '../../../test/support/http-server-under-test.js'
import { type Heard, StreamClient } from '../../../test/support/stream-client.js'
import { makeTempDirectory, removeTempDirectory } from '../../../test/support/temp-directory.js'
import { until } from '../../../test/support/until.js'
import { Access, type Identity } from '../../auth/access.js'
import { TokenVerifier, type Verified } from '../../auth/token-verifier.js'
import { ThisThread } from '../../threads/this-thread.js'
import { ThreadCalls } from '../../threads/thread-calls.js'
import type { GroupClient, SocketConsumer } from './consumed-groups.js'
import { CONSUME, CONSUMER_ENDED, DELIVER } from './consumer-messages.js'
import { LocalGroups } from './local-groups.service.js'
import { ThreadConsumers } from './thread-consumers.service.js'
import { WriterGroups } from './writer-groups.service.js'

const worker = (name: string) => agent(name, 'system_agent')
const clients: StreamClient[] = []
/** Ended in the opposite order. */
const running: { stop(): void | Promise<void> }[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate()
  for (const one of running.splice(0).reverse()) await one.stop()
})

async function runs<T extends { stop(): void | Promise<void> }>(starting: Promise<T>): Promise<T> {
  const one = await starting
  running.push(one)
  return one
}

async function open(url: string, as: Identity, protocol = 'lighthouse.v1.json'): Promise<StreamClient> {
  const client = await StreamClient.open(url, { authorization: bearerOf(as), protocol })
  clients.push(client)
  await client.next('welcome')
  return client
}

const append = ({ store }: ServerUnderTest, count: number) =>
  store.append({
    events: Array.from({ length: count }, (_, n) => ({ type: 'task', stream: 'tasks', data: { n } })),
    author: { agentId: 'writer' },
  })

async function define(server: ServerUnderTest, settings: object = {}): Promise<void> {
  const json = { after: 'start', consumers: { agents: ['*'] }, ...settings }
  expect((await server.call('/v1/subscriptions/work', { method: 'PUT', json })).status).toBe(201)
}

async function progressOf(server: ServerUnderTest) {
  return (await jsonOf(server.call('/v1/subscriptions/work'))).progress
}

describe('what a client hears', () => {
  /** What no two servers say alike. */
  const OWN: ReadonlySet<string> = new Set(['traceId', 'correlationId', 'deadline', 'retryAfterSeconds'])

  function heardBy({ heard, code, reason }: StreamClient): unknown {
    const said = heard.filter(({ type }) => type !== 'welcome')
    const same = (key: string, value: Heard) => (OWN.has(key) ? undefined : key === 'event' ? value.data : value)
    return { code, reason, heard: JSON.parse(JSON.stringify(said), same) }
  }

  const consume = { type: 'consume', id: 'c', subscription: 'work', maxInFlight: 1 }
  const quotas = { ...PLENTY_FOR_ALL, guest: { ...PLENTY_FOR_ALL.guest, requestsPerMinute: 3 } }

  async function working(server: ServerUnderTest, protocol: string): Promise<StreamClient> {
    const client = await open(server.url, worker('w'), protocol)
    client.send({ ...consume, subscription: 'nowhere' })
    await client.next('error', 'c')
    client.send(consume)
    const { token } = await client.next('delivery', 'c')
    client.send(consume)
    await client.next('error', 'c')
    client.send({ type: 'unsubscribe', id: 'nobody' })
    await client.next('error', 'nobody')
    client.send({ type: 'ack', id: 'stale', subscription: 'work', tokens: [token, '1.999'] })
    await client.next('error', 'stale')
    client.send({ type: 'ack', id: 'a', subscription: 'work', tokens: [token] })
    const retried = await client.next('delivery', 'c')
    client.send({ type: 'nack', id: 'r', subscription: 'work', tokens: [retried.token], action: 'retry' })
    const parked = await client.next('delivery', 'c')
    const reason = 'no such file'
    client.send({ type: 'nack', id: 'p', subscription: 'work', tokens: [parked.token], action: 'park', reason })
    await client.next('delivery', 'c')
    client.send({ type: 'ack', id: 'again', subscription: 'work', tokens: [token] })
    await client.next('settled', 'again')
    client.send({ type: 'unsubscribe', id: 'c' })
    await client.next('closed', 'c')
    client.send({ ...consume, id: 'd' })
    await client.next('consuming', 'd')
    expect((await server.call('/v1/subscriptions/work', { method: 'DELETE' })).status).toBe(204)
    await client.next('closed', 'd')
    client.send({ type: 'nack', id: 'n', subscription: 'work', tokens: ['1.1'], action: 'forget' })
    await client.closed()
    return client
  }

  async function refused(server: ServerUnderTest, protocol: string, as: Identity): Promise<StreamClient> {
    const client = await open(server.url, as, protocol)
    for (const id of ['1', '2', '3']) {
      client.send({ ...consume, id, subscription: 'nowhere' })
      await client.next('error', id)
      client.send({ type: 'ack', id, subscription: 'nowhere', tokens: ['1.1'] })
      await client.next('error', id)
    }
    return client
  }

  async function told(server: ServerUnderTest, protocol: string): Promise<unknown[]> {
    await define(server)
    await append(server, 3)
    const others = [
      await refused(server, protocol, agent('stranger', 'agent', { 'events.read': ['*'] })),
      await refused(server, protocol, agent('hasty', 'guest')),
    ]
    return [await working(server, protocol), ...others].map(heardBy)
  }

  test.each(['lighthouse.v1.json', 'lighthouse.v1.msgpack'])('is the same as of one thread: %s', async protocol => {
    const [one, fronted] = await Promise.all([runs(startWriter({ quotas })), runs(startFronted({ quotas }))])
    const said = await told(one, protocol)
    expect(await told(fronted, protocol)).toEqual(said)
    expect(said).toMatchObject([
      { code: 4400 },
      { heard: [{ problem: { code: 'FORBIDDEN' } }, {}, {}, {}, {}, {}] },
      { heard: [{}, {}, { problem: { code: 'RATE_LIMITED' } }, {}, {}, {}] },
    ])
  })
})

describe('front threads', () => {
  class FrontThread {
    private readonly dataDir = makeTempDirectory()
    private readonly worker: Worker
    readonly url: Promise<string>

    constructor(writer: ServerUnderTest, number: number) {
      const { port1, port2 } = new MessageChannel()
      writer.app.get(ThreadConsumers, { strict: false }).serve(new ThreadCalls(port1))
      const workerData: FrontThreadData = { number, port: port2, dataDir: this.dataDir }
      const script = new URL('../../../test/support/front-thread.ts', import.meta.url)
      const execArgv = ['--import', new URL('../../../scripts/typescript.mjs', import.meta.url).href]
      this.worker = new Worker(script, { workerData, transferList: [port2], execArgv })
      this.url = once(this.worker, 'message').then(([url]) => url)
    }

    async stop(): Promise<void> {
      await this.worker.terminate()
      removeTempDirectory(this.dataDir)
    }
  }

  test('share the work of a group, and what one had that died is handed out again after its time', async () => {
    const writer = await runs(startWriter())
    const mortal = await runs(Promise.resolve(new FrontThread(writer, 1)))
    const { url } = await runs(addFront(writer))
    await define(writer, { ackTimeoutSeconds: 3 })
    const lost = await consuming(await mortal.url, 4)
    const other = await consuming(url, 8)
    await append(writer, 12)
    const had = await lost.all('delivery', 4)
    const given = await other.all('delivery', 8)
    other.send({ type: 'ack', id: 'a', subscription: 'work', tokens: given.map(({ token }) => token) })
    expect(await other.next('settled', 'a')).toMatchObject({ count: 8 })
    expect(new Set([...had, ...given].map(({ event }) => event.position)).size).toBe(12)
    await mortal.stop()
    const again = (await other.all('delivery', 12)).slice(8)
    const positions = (deliveries: Heard[]) => deliveries.map(({ event }) => event.position).toSorted((a, b) => a - b)
    expect(positions(again)).toEqual(positions(had))
    expect(again.map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2])
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(had[0].deadline))
    other.send({ type: 'ack', id: 'b', subscription: 'work', tokens: again.map(({ token }) => token) })
    await other.next('settled', 'b')
    // The consumer of the dead thread would have room again by now.
    await append(writer, 4)
    expect((await other.all('delivery', 16)).slice(12).map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1])
    expect(await progressOf(writer)).toMatchObject({ consumers: 1, inFlight: 4 })
  })

  async function consuming(url: string, maxInFlight: number): Promise<StreamClient> {
    const client = await open(url, worker(`has-${maxInFlight}`), 'lighthouse.v1.msgpack')
    client.send({ type: 'consume', id: 'c', subscription: 'work', maxInFlight })
    await client.next('consuming', 'c')
    return client
  }
})

describe('a front', () => {
  let writer: ServerUnderTest
  let front: Front
  beforeEach(async () => {
    writer = await runs(startWriter())
    front = await runs(addFront(writer))
    await define(writer)
  })

  async function consuming(name: string, id = 'c'): Promise<StreamClient> {
    const client = await open(front.url, worker(name))
    client.send({ type: 'consume', id, subscription: 'work' })
    await client.next('consuming', id)
    return client
  }

  test('whose client is gone or has ended its consumer leaves nothing at the writer', async () => {
    const cut = await consuming('cut')
    const left = await consuming('left')
    await until(async () => (await progressOf(writer)).consumers === 2)
    cut.socket.terminate()
    left.send({ type: 'unsubscribe', id: 'c' })
    await left.next('closed', 'c')
    await until(async () => (await progressOf(writer)).consumers === 0)
  })

  test('asks for a token that was revoked meanwhile in vain: nothing is settled by it, and nothing handed out', async () => {
    const revoked = await consuming('revoked')
    await append(writer, 1)
    const { token } = await revoked.next('delivery', 'c')
    writer.app.get(TokenVerifier, { strict: false }).revocations.add({ kind: 'agent', id: 'revoked' })
    revoked.send({ type: 'ack', id: 'a', subscription: 'work', tokens: [token] })
    const problem = { code: 'UNAUTHENTICATED', detail: expect.stringMatching(/^The token has been revoked/) }
    expect(await revoked.next('error', 'a')).toMatchObject({ problem })
    await append(writer, 1)
    expect(await revoked.next('closed', 'c')).toMatchObject({ reason: 'UNAUTHENTICATED', problem })
    revoked.send({ type: 'consume', id: 'd', subscription: 'work' })
    expect(await revoked.next('error', 'd')).toMatchObject({ problem })
    const other = await consuming('other')
    expect(await other.next('delivery', 'c')).toMatchObject({ attempt: 1, event: { revision: 1 } })
  })

  test('whose writer is gone closes its consumers with a problem, and refuses what is asked of groups', async () => {
    const client = await consuming('w')
    front.calls.close()
    const problem = { code: 'STORAGE_UNAVAILABLE', status: 503 }
    expect(await client.next('closed', 'c')).toMatchObject({ reason: 'STORAGE_UNAVAILABLE', problem })
    client.send({ type: 'consume', id: 'c', subscription: 'work' })
    expect(await client.next('error', 'c')).toMatchObject({ problem })
    client.send({ type: 'ack', id: 'a', subscription: 'work', tokens: ['1.1'] })
    expect(await client.next('error', 'a')).toMatchObject({ problem })
    expect((await progressOf(writer)).consumers).toBe(0)
  })
})

describe('between the threads', () => {
  const token = bearerOf(worker('w')).slice('Bearer '.length)
  const client: GroupClient = { token, access: new Access(worker('w')), assertTokenGood: async () => undefined }

  /** Groups as a front has them; `served` serves what it asks. */
  function frontOf(served?: ThreadConsumers): { readonly groups: WriterGroups; readonly calls: ThreadCalls } {
    const { port1, port2 } = new MessageChannel()
    const calls = new ThreadCalls(port1)
    served?.serve(calls)
    running.push({ stop: () => calls.close() })
    return { groups: new WriterGroups(new ThisThread(1, new ThreadCalls(port2))), calls }
  }

  /** A socket that takes frames when `taken` resolves. */
  function socketUntil(taken: Promise<void>) {
    const frames: string[] = []
    const ended: unknown[] = []
    const ending = new AbortController()
    running.push({ stop: () => ending.abort() })
    const consumer: SocketConsumer = {
      form: 'json',
      signal: ending.signal,
      onFrames: async given => {
        frames.push(...(given as Iterable<string>))
        await taken
      },
      onEnd: error => ended.push(error),
    }
    return { frames, ended, ending, consumer }
  }

  const frame = (id: string) => ({ type: 'consume' as const, id, subscription: 'work', maxInFlight: 1_000 })

  test('nothing more is taken for a socket until it has taken what was given, and others are given it', async () => {
    const writer = await runs(startWriter())
    await define(writer)
    const { groups } = frontOf(writer.app.get(ThreadConsumers, { strict: false }))
    const full = Promise.withResolvers<void>()
    const slow = socketUntil(full.promise)
    await groups.consume(frame('slow'), client, slow.consumer)
    await append(writer, 3)
    await until(() => slow.frames.length > 0)
    const { length: first } = slow.frames
    const quick = socketUntil(Promise.resolve())
    await groups.consume(frame('quick'), client, quick.consumer)
    await append(writer, 3)
    await until(() => slow.frames.length + quick.frames.length === 6)
    expect(slow.frames).toHaveLength(first)
    quick.ending.abort()
    full.resolve()
    await append(writer, 1)
    await until(() => slow.frames.length + quick.frames.length === 7)
    expect(new Set([...slow.frames, ...quick.frames].map(text => JSON.parse(text).event.position)).size).toBe(7)
  })

  test('that a consumer has ended is told before it has begun', async () => {
    const { groups, calls } = frontOf()
    const socket = socketUntil(Promise.resolve())
    const asked = groups.consume(frame('c'), client, socket.consumer)
    socket.ending.abort()
    const { promise: ended, resolve } = Promise.withResolvers<number>()
    calls.hear(CONSUMER_ENDED, ({ consumer }) => resolve(consumer))
    const begun = Promise.withResolvers<void>()
    calls.answer(CONSUME, async ({ consumer }) => {
      expect(await ended).toBe(consumer)
      begun.resolve()
    })
    await Promise.all([asked, begun.promise])
  })

  test('a delivery that is there before its consumer has begun waits for `consuming`', async () => {
    const { port1, port2 } = new MessageChannel()
    const calls = new ThreadCalls(port1)
    const front = await runs(startFront(new ThisThread(1, new ThreadCalls(port2))))
    running.push({ stop: () => calls.close() })
    const delivered = Promise.withResolvers<void>()
    calls.answer(CONSUME, ({ consumer }) => {
      calls
        .ask(DELIVER, { consumer, frames: ['{"type":"delivery","id":"c"}'] })
        .then(delivered.resolve, delivered.reject)
    })
    const client = await open(front.url, worker('w'))
    client.send({ type: 'consume', id: 'c', subscription: 'work' })
    await client.next('delivery', 'c')
    await delivered.promise
    expect(client.heard.map(({ type }) => type)).toEqual(['welcome', 'consuming', 'delivery'])
  })

  test('a consumer that had not begun when the writer went is refused, not ended', async () => {
    const { groups, calls } = frontOf()
    const socket = socketUntil(Promise.resolve())
    const asked = groups.consume(frame('c'), client, socket.consumer)
    calls.close()
    await expect(asked).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(socket.ended).toEqual([])
  })

  test('what is asked under a token goes on in its order, though the token is verified meanwhile', async () => {
    const writer = await runs(startWriter())
    await define(writer)
    await append(writer, 1)
    const local = writer.app.get(LocalGroups, { strict: false })
    const given = socketUntil(Promise.resolve())
    await local.consume(frame('c'), client, given.consumer)
    await until(() => given.frames.length === 1)
    const tokens = [JSON.parse(given.frames[0] as string).token as string]

    /** Takes longest for the token that is asked for first. */
    class Slow extends TokenVerifier {
      private readonly second = Promise.withResolvers<void>()
      private asked = 0

      override async stillGood(): Promise<Verified> {
        if (++this.asked === 1) await Promise.race([this.second.promise, new Promise(setImmediate)])
        else this.second.resolve()
        return (await writer.app.get(TokenVerifier, { strict: false }).stillGood(token)) as Verified
      }
    }
    const secret = 'a secret of this test, long enough'
    const slow = new Slow({ algorithms: ['HS256'], leewaySeconds: 0, secret } as never)
    const { groups } = frontOf(new ThreadConsumers(local, slow))
    const settled = await Promise.allSettled([
      groups.settle({ type: 'ack', id: 'a', subscription: 'work', tokens }, client),
      groups.settle({ type: 'nack', id: 'n', subscription: 'work', tokens, action: 'park' }, client),
    ])
    expect(settled).toMatchObject([{ value: 1 }, { reason: { code: 'STALE_DELIVERY' } }])
  })

  test('the thread of the writer itself has nobody to ask', () => {
    expect(() => new WriterGroups(new ThisThread())).toThrow('only a front thread')
  })
})
