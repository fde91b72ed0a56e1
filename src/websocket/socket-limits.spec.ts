// What sockets of the stream may send and hold: strangers next to nothing, an agent its budgets, and what one of them does wrong is its own affair.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import {
  ADMIN,
  agent,
  bearerOf,
  limitedTo,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { frameBytes, handshakeBytes, OPCODE, type Outcome, RawStream, text } from '../../test/support/raw-stream.js'
import { type Heard, StreamClient, socketTo } from '../../test/support/stream-client.js'
import type { Identity } from '../auth/access.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import type { Settings } from '../config/settings.js'
import type { WorkLimits } from '../contract/work-limits.js'
import { EventsModule } from '../events/events.module.js'
import { GroupsModule } from '../groups/groups.module.js'
import { FrameHandlers, type FrameKind } from '../streaming/frame-handlers.service.js'
import { SocketCounts } from './socket-counts.service.js'
import { StreamGateway } from './stream.gateway.js'
import { WebSocketModule } from './websocket.module.js'

const KIB = 1024
const MIB = 1024 * KIB

let server: ServerUnderTest
let clients: { cut(): void }[] = []
const start = async (settings: Partial<Settings> = {}) => {
  server = await startServer([GroupsModule, EventsModule, WebSocketModule], settings)
}
const startWith = (limits: Partial<WorkLimits>) => start(limitedTo({}, limits))
afterEach(async () => {
  for (const client of clients) client.cut()
  clients = []
  await server?.stop()
  server = undefined as never
})

const MALLORY = agent('mallory', 'system_agent')
const ping = text('{"type":"ping"}')
const tokenOf = (as: Identity) => bearerOf(as).slice('Bearer '.length)
const heldBy = (as: Identity, what: keyof WorkLimits) =>
  server.app.get(WorkBudgets, { strict: false }).heldBy(as.agentId, what)

/** A socket that sends bytes; without an agent, without a token. */
async function raw(as?: Identity): Promise<RawStream> {
  const headers = as === undefined ? {} : { Authorization: bearerOf(as) }
  const client = await RawStream.open(server.url, handshakeBytes({ headers: { Connection: 'Upgrade', ...headers } }))
  clients.push(client)
  await client.outcome(({ status, texts }) => status !== undefined && (as === undefined || texts.length > 0))
  return client
}

async function open(as?: Identity): Promise<StreamClient> {
  const client = await StreamClient.open(server.url, as === undefined ? {} : { authorization: bearerOf(as) })
  clients.push({ cut: () => client.socket.terminate() })
  return client
}

const codeOf = async (client: RawStream) => (await client.outcome(({ code }) => code !== undefined)).code
const framesOf = ({ texts }: Outcome): Heard[] => texts.map(one => JSON.parse(one))

/** The refusal of a handshake. */
async function refusal(as?: Identity): Promise<{ status: number; problem: Heard; retryAfter: unknown }> {
  const socket = socketTo(server.url, as === undefined ? {} : { authorization: bearerOf(as) })
  socket.on('error', () => undefined)
  const [request, answer] = (await once(socket, 'unexpected-response')) as [{ destroy(): void }, IncomingMessage]
  let body = ''
  for await (const part of answer) body += part
  request.destroy()
  return { status: answer.statusCode ?? 0, problem: JSON.parse(body), retryAfter: answer.headers['retry-after'] }
}

/** Waits for what the server does a little after what a client hears. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

const unfinished = (announced: number, sent: number) =>
  Buffer.concat([frameBytes({ opcode: OPCODE.text, length: BigInt(announced) }), Buffer.alloc(sent, ' ')])
const fragment = frameBytes({ opcode: OPCODE.text, payload: ' ', fin: false })

/** What the library keeps of frames that are not whole, of all sockets. */
function keptByTheLibrary(): number {
  const adapter = Reflect.get(server.app, 'config').getIoAdapter()
  const sockets = [...adapter.wsServersRegistry.values()].flat().flatMap(({ clients: open }) => [...open])
  return sockets.reduce((sum, { _receiver }) => sum + _receiver._bufferedBytes, 0)
}

describe('before its token is known', () => {
  beforeEach(() => start())

  test.each([
    ['in a frame that is not whole', [unfinished(10 * MIB, 64 * KIB)]],
    [
      'in pieces',
      [
        fragment,
        ...Array.from({ length: 70 }, () => frameBytes({ opcode: 0, payload: Buffer.alloc(KIB), fin: false })),
      ],
    ],
    ['in pings', Array.from({ length: 600 }, () => frameBytes({ opcode: OPCODE.ping, payload: Buffer.alloc(120) }))],
  ])('a socket sends at most 64 KiB in all: %s', async (_, bytes) => {
    const client = await raw()
    client.write(...bytes)
    expect(await codeOf(client)).toBe(4400)
  })

  test('a hundred and fifty that send frames that are never whole hold no memory, and an honest client hears nothing of it', async () => {
    const honest = await open(ADMIN)
    const all = await Promise.all(Array.from({ length: 150 }, () => raw()))
    for (const client of all) client.write(unfinished(10 * MIB, 60 * KIB))
    honest.send({ type: 'ping' })
    await honest.next('heartbeat')
    const rest = Buffer.alloc(80 * KIB, ' ')
    for (const client of all) client.write(rest)
    const ends = await Promise.all(
      all.map(client => client.outcome(({ code, status }) => code !== undefined || status === 429)),
    )
    expect(ends.filter(({ status }) => status === 429)).toHaveLength(150 - 128)
    // On a machine that is busy enough, the time for a token is over before the bytes are.
    expect(ends.filter(({ code }) => code === 4400 || code === 4401)).toHaveLength(128)
    // What was there when the limit was passed, and the piece that passed it.
    expect(keptByTheLibrary()).toBeLessThanOrEqual(128 * 2 * 64 * KIB)
    await until(() => server.app.get(SocketCounts, { strict: false }).strangersOpen === 0)
    expect(keptByTheLibrary()).toBeLessThanOrEqual(64 * KIB)
  }, 30_000)

  test('an address has at most 128 of them, and one that shows its token or goes makes room', async () => {
    const all = await Promise.all(Array.from({ length: 128 }, () => open()))
    expect(await refusal()).toMatchObject({ status: 429, problem: { code: 'WORK_LIMIT' }, retryAfter: '1' })
    const [first, second] = all as [StreamClient, StreamClient]
    first.send({ type: 'auth', token: tokenOf(ADMIN) })
    await first.next('welcome')
    const third = await open()
    expect((await refusal()).status).toBe(429)
    second.socket.terminate()
    await until(() => server.app.get(SocketCounts, { strict: false }).strangersOpen === 127)
    await open()
    third.send({ type: 'auth', token: 'a.b.c' })
    expect(await third.closed()).toBe(4401)
  }, 30_000)

  test('what follows the token in the same piece is handled behind the welcome, a large append too', async () => {
    const client = await raw()
    const events = Array.from({ length: 4 }, () => ({ type: 'T', stream: 's', data: { text: 'x'.repeat(900 * KIB) } }))
    const [auth, append] = [
      { type: 'auth', token: tokenOf(ADMIN) },
      { type: 'append', id: 'a', events },
    ].map(frame => text(JSON.stringify(frame))) as [Buffer, Buffer]
    client.write(auth, append.subarray(0, 30 * KIB))
    await client.outcome(({ texts }) => texts.length > 0)
    client.write(append.subarray(30 * KIB))
    const outcome = await client.outcome(({ code, texts }) => code !== undefined || texts.length > 1)
    expect(framesOf(outcome).map(({ type }) => type)).toEqual(['welcome', 'appended'])
  })
})

test('the library that reads frames is there once, in the version that is pinned', () => {
  const { dependencies } = JSON.parse(readFileSync(resolve('package.json'), 'utf8'))
  const here = createRequire(resolve('package.json'))
  const adapters = createRequire(resolve('node_modules/@nestjs/platform-ws/index.js'))
  expect(adapters.resolve('ws')).toBe(here.resolve('ws'))
  expect(JSON.parse(readFileSync(here.resolve('ws/package.json'), 'utf8')).version).toBe(dependencies.ws)
})

describe('the size of a frame', () => {
  beforeEach(() => start())

  test('is 1 MiB, unless it is an append', async () => {
    const client = await open(ADMIN)
    client.socket.send(`{"type":"ping"${' '.repeat(MIB - 16)}}`)
    await client.next('heartbeat')
    client.socket.send(`{"type":"ping"${' '.repeat(MIB)}}`)
    expect(await client.closed()).toBe(1009)
  })

  test('is that of a batch for an append, and 1 MiB for whoever may append nothing, before it has come', async () => {
    const client = await open(ADMIN)
    const events = Array.from({ length: 12 }, () => ({ type: 'T', stream: 's', data: { text: 'x'.repeat(850_000) } }))
    client.send({ type: 'append', id: 'a', events })
    expect((await client.next('appended', 'a')).events).toHaveLength(12)
    const reader = await raw(agent('reader', 'guest'))
    reader.write(unfinished(MIB + 1, 0))
    expect(await codeOf(reader)).toBe(1009)
  })

  test('its keys are counted as those of a body are', async () => {
    const client = await open(ADMIN)
    const data = Object.fromEntries(Array.from({ length: 200_001 }, (_, n) => [`k${n}`, 1]))
    client.send({ type: 'append', id: 'a', events: [{ type: 'T', stream: 's', data }] })
    expect(await client.closed()).toBe(4400)
    expect(client.heard.at(-1).reason).toMatch(/keys/)
  })
})

describe('what one agent has', () => {
  test('connections: a handshake beyond them is a 429, a token in a frame an error and 1013, and a close makes room', async () => {
    await startWith({ connections: 2 })
    const [first] = await Promise.all([open(MALLORY), open(MALLORY)])
    expect(await refusal(MALLORY)).toMatchObject({ status: 429, problem: { code: 'WORK_LIMIT' }, retryAfter: '1' })
    const late = await open()
    late.send({ type: 'auth', token: tokenOf(MALLORY) })
    expect((await late.next('error')).problem).toMatchObject({ code: 'WORK_LIMIT', status: 429 })
    expect(await late.closed()).toBe(1013)
    await (await open(ADMIN)).next('welcome')
    first?.socket.terminate()
    await until(() => heldBy(MALLORY, 'connections') === 1)
    const again = await open()
    again.send({ type: 'auth', token: tokenOf(MALLORY) })
    await again.next('welcome')
  })

  test('subscriptions over all its connections, given back once however they end', async () => {
    await startWith({ subscriptions: 3 })
    const [one, other] = [await open(MALLORY), await open(MALLORY)]
    one.send({ type: 'subscribe', id: 'a' }, { type: 'subscribe', id: 'b' })
    await one.next('subscribed', 'b')
    other.send(
      { type: 'subscribe', id: 'a' },
      { type: 'subscribe', id: 'b' },
      { type: 'consume', id: 'c', subscription: 'g' },
    )
    await other.next('subscribed', 'a')
    expect((await other.next('error', 'b')).problem.code).toBe('WORK_LIMIT')
    expect((await other.next('error', 'c')).problem.code).toBe('WORK_LIMIT')
    one.send({ type: 'unsubscribe', id: 'a' }, { type: 'unsubscribe', id: 'a' })
    await one.next('error', 'a')
    other.send({ type: 'subscribe', id: 'bad', after: -1 }, { type: 'subscribe', id: 'b' })
    await other.next('subscribed', 'b')
    expect(heldBy(MALLORY, 'subscriptions')).toBe(3)
    one.socket.terminate()
    await until(() => heldBy(MALLORY, 'subscriptions') === 2)
    await other.close()
    await until(() => heldBy(MALLORY, 'subscriptions') === 0 && heldBy(MALLORY, 'connections') === 0)
  })

  test('bytes that are not handled yet: the socket that goes beyond them is told and closed, the others go on', async () => {
    await startWith({ bufferedBytes: 3 * MIB })
    const [patient, greedy, honest] = [await raw(MALLORY), await raw(MALLORY), await raw(ADMIN)]
    const whole = text(`{"type":"append","id":"a","events":[]${' '.repeat(2 * MIB)}}`)
    patient.write(whole.subarray(0, whole.length - 1))
    await until(() => heldBy(MALLORY, 'bufferedBytes') >= 2 * MIB)
    greedy.write(unfinished(9 * MIB, 3 * MIB))
    const ended = await greedy.outcome(({ code }) => code !== undefined)
    expect(ended.code).toBe(4400)
    expect(framesOf(ended).slice(1)).toMatchObject([
      { type: 'error', problem: { code: 'WORK_LIMIT', detail: expect.stringContaining('bytes') } },
      { type: 'goaway', reason: expect.stringContaining('bytes') },
    ])
    expect(heldBy(MALLORY, 'bufferedBytes')).toBeLessThanOrEqual(3 * MIB)
    patient.write(whole.subarray(whole.length - 1))
    honest.write(ping)
    for (const one of [patient, honest]) {
      expect((await one.outcome(({ texts, code }) => texts.length > 1 || code !== undefined)).code).toBeUndefined()
    }
    greedy.cut()
    await until(() => heldBy(MALLORY, 'bufferedBytes') === 0)
  }, 20_000)

  test('bytes in pieces of frames between which it pings are counted all the same', async () => {
    await startWith({ bufferedBytes: MIB })
    const client = await raw(MALLORY)
    const pings = Array.from({ length: 500 }, () => frameBytes({ opcode: OPCODE.ping, payload: Buffer.alloc(125) }))
    for (let n = 0; n < 30; n++) client.write(fragment.with(0, n === 0 ? 0x01 : 0x00) as Buffer, ...pings)
    expect(await codeOf(client)).toBe(4400)
  })
})

describe('ten thousand frames in one piece', () => {
  beforeEach(() => start())

  test('are all answered, in their order', async () => {
    const client = await raw(ADMIN)
    const frame = (n: number) => text(`{"type":"unsubscribe","id":"${n}"}`)
    client.write(...Array.from({ length: 10_000 }, (_, n) => frame(n)))
    const outcome = await client.outcome(({ texts, code }) => texts.length > 10_000 || code !== undefined)
    expect(
      framesOf(outcome)
        .slice(1)
        .map(({ id }) => Number(id)),
    ).toEqual(Array.from({ length: 10_000 }, (_, n) => n))
  }, 30_000)

  test('leave every other socket its turn: it does not wait for the last of them', async () => {
    const handlers = server.app.get(FrameHandlers, { strict: false })
    const kind = handlers.kindOf('ping') as FrameKind
    const answer = kind.answer.bind(kind)
    const handled: string[] = []
    kind.answer = (frame, client, bytes, refuse) => {
      for (const begun = performance.now(); performance.now() - begun < 1; );
      handled.push(client.access.agentId)
      return answer(frame, client, bytes, refuse)
    }
    const [flood, other] = [await raw(MALLORY), await open(ADMIN)]
    await other.next('welcome')
    flood.write(...Array.from({ length: 200 }, () => ping))
    await until(() => handled.length > 0)
    other.send({ type: 'ping' })
    await other.next('heartbeat')
    await until(() => handled.length === 201)
    expect(handled.indexOf(ADMIN.agentId)).toBeLessThan(100)
  }, 30_000)
})

describe('a defect that shows on one connection', () => {
  beforeEach(() => start())

  const throwing = () => {
    throw new Error('planted')
  }
  const rejecting = () => Promise.reject(new Error('planted'))

  test.each([
    ['when a frame comes', 'message', throwing],
    ['when bytes come', 'arrived', throwing],
    ['when a frame comes, later', 'message', rejecting],
    ['when a heartbeat is due', 'sendHeartbeat', throwing],
    ['when its token is looked at again', 'identity', throwing],
    ['when it is told of another', 'failed', throwing],
    ['when it ends', 'closed', throwing],
  ])(
    '%s ends that one and no other',
    async (_, name, planted) => {
      const [broken, other] = [await open(MALLORY), await open(ADMIN)]
      await Promise.all([broken.next('welcome'), other.next('welcome')])
      const gateway = server.app.get(StreamGateway, { strict: false })
      const [conversation] = Reflect.get(gateway, 'open')
      const getter = name === 'identity'
      Object.defineProperty(conversation, name, getter ? { get: planted } : { value: planted })
      if (name === 'failed') Object.defineProperty(conversation, 'message', { value: planted })
      broken.send({ type: 'ping' })
      if (name === 'sendHeartbeat') for (let n = 0; n < 15; n++) Reflect.get(gateway, 'tick').call(gateway)
      if (name === 'closed') broken.socket.terminate()
      expect([1006, 1011]).toContain(await broken.closed())
      other.send({ type: 'ping' })
      await other.next('heartbeat')
    },
    10_000,
  )
})
