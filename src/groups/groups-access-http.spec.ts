// Who may do what with a group, over HTTP: its owner, its consumers, operators; and that it does not exist for anybody else.

import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { StreamClient } from '../../test/support/stream-client.js'
import type { Identity } from '../auth/access.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { EventsModule } from '../events/events.module.js'
import { WebSocketModule } from '../websocket/websocket.module.js'
import { GroupsModule } from './groups.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([GroupsModule, EventsModule, WebSocketModule])
})
afterAll(() => server.stop())

const boss = agent('boss')
const worker = agent('worker-1')
const stranger = agent('stranger')
const guest = agent('guest', 'guest')
const watcher = agent('watcher', 'system_agent')
let groups = 0

const ask = (as: Identity, method: string, path: string, json?: object) =>
  server.call(`/v1/subscriptions${path}`, { as, method, ...(json === undefined ? {} : { json }) })
const statusOf = async (as: Identity, method: string, path: string, json?: object) =>
  (await ask(as, method, path, json)).status
const append = async (stream: string, type = 'task'): Promise<number> =>
  (await jsonOf(server.call('/v1/events', { json: { type, stream, data: {} } }))).position

async function group(json: object, as = boss, name = `group-${++groups}`): Promise<string> {
  expect(await statusOf(as, 'PUT', `/${name}`, { after: 'start', ...json })).toBe(201)
  return name
}
const takenFrom = async (name: string, as: Identity) =>
  (await jsonOf(ask(as, 'POST', `/${name}/take?max=100`))).deliveries
const progressFor = async (name: string, as: Identity) => (await jsonOf(ask(as, 'GET', `/${name}`))).progress

const ROUTES: readonly (readonly [string, string, object?])[] = [
  ['GET', ''],
  ['POST', '/take'],
  ['POST', '/ack', { tokens: ['1.1'] }],
  ['POST', '/nack', { tokens: ['1.1'], action: 'skip' }],
  ['GET', '/parked'],
  ['POST', '/parked/replay', {}],
  ['POST', '/parked/discard', {}],
  ['DELETE', ''],
]

describe('a group', () => {
  test('is its owner’s alone, unless it names consumers', async () => {
    const name = await group({ filter: { streams: ['alone'] } })
    await append('alone')
    for (const other of [worker, guest]) {
      for (const [method, path, json] of ROUTES) {
        expect([method, path, await statusOf(other, method, `/${name}${path}`, json)]).toEqual([method, path, 404])
      }
    }
    expect((await jsonOf(ask(boss, 'GET', `/${name}`))).consumers).toEqual({ agents: [], roles: [] })
    expect(await takenFrom(name, boss)).toHaveLength(1)
  })

  test('is worked on by the agents and roles it names, and does not exist for anybody else', async () => {
    const consumers = { agents: ['worker-*'], roles: ['expert_agent'] }
    const name = await group({ filter: { streams: ['shared'] }, consumers })
    for (let n = 0; n < 4; n++) await append('shared')
    const [first] = await takenFrom(name, worker)
    expect(await statusOf(worker, 'POST', `/${name}/ack`, { tokens: [first.token] })).toBe(200)
    expect(await statusOf(agent('someone', 'expert_agent'), 'POST', `/${name}/take`)).toBe(200)
    expect((await jsonOf(ask(worker, 'GET', `/${name}`))).consumers).toEqual(consumers)
    for (const [method, path, json] of ROUTES) {
      expect([method, path, await statusOf(stranger, method, `/${name}${path}`, json)]).toEqual([method, path, 404])
    }
  })

  test('is looked after by its owner and by operators, and by no consumer', async () => {
    const name = await group({ consumers: { agents: ['worker-1'] } })
    for (const path of ['/parked/replay', '/parked/discard']) {
      expect(await statusOf(worker, 'POST', `/${name}${path}`, {})).toBe(403)
      for (const manager of [boss, ADMIN]) expect(await statusOf(manager, 'POST', `/${name}${path}`, {})).toBe(200)
    }
    expect(await statusOf(worker, 'DELETE', `/${name}`)).toBe(403)
    expect(await statusOf(worker, 'PUT', `/${name}`, { after: 'start', maxAttempts: 9 })).toBe(403)
    expect(await statusOf(ADMIN, 'DELETE', `/${name}`)).toBe(204)
  })

  test('is seen by whoever watches the server, who takes nothing from it', async () => {
    const name = await group({})
    expect(await statusOf(watcher, 'GET', `/${name}`)).toBe(200)
    expect(await statusOf(watcher, 'GET', `/${name}/parked`)).toBe(200)
    expect(await statusOf(watcher, 'POST', `/${name}/take`)).toBe(403)
    expect(await statusOf(ADMIN, 'POST', `/${name}/take`)).toBe(403)
    expect(await statusOf(watcher, 'DELETE', `/${name}`)).toBe(403)
  })

  test('may be defined as it is by each of its consumers, and its name is taken for everybody else', async () => {
    const definition = { filter: { types: ['a'] }, after: 'start', consumers: { agents: ['worker-*'] } }
    const name = await group(definition)
    expect(await statusOf(worker, 'PUT', `/${name}`, definition)).toBe(200)
    const { consumers, ...asClientsOfBefore } = definition
    expect(await statusOf(worker, 'PUT', `/${name}`, asClientsOfBefore)).toBe(200)
    expect(await statusOf(boss, 'PUT', `/${name}`, asClientsOfBefore)).toBe(200)
    expect((await jsonOf(ask(boss, 'GET', `/${name}`))).consumers).toEqual({ ...consumers, roles: [] })
    expect(await statusOf(worker, 'PUT', `/${name}`, { ...definition, consumers: { agents: ['*'] } })).toBe(403)
    const taken = await ask(stranger, 'PUT', `/${name}`, definition)
    expect([taken.status, (await jsonOf(taken)).errors]).toEqual([409, undefined])
    expect(await statusOf(boss, 'PUT', `/${name}`, { ...definition, consumers: {} })).toBe(200)
    expect(await statusOf(worker, 'GET', `/${name}`)).toBe(404)
  })

  test('is listed for whom it exists, and no page tells of another', async () => {
    const own = agent('lister')
    await group({}, own, 'list-b')
    await group({}, boss, 'list-a')
    await group({}, boss, 'list-c')
    const page = await jsonOf(ask(own, 'GET', '?limit=1'))
    expect([page.subscriptions.map(({ name }: { name: string }) => name), page.next]).toEqual([['list-b'], null])
    const all = await jsonOf(ask(watcher, 'GET', '?limit=1000'))
    expect(all.subscriptions.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['list-a', 'list-b', 'list-c']),
    )
    expect((await jsonOf(ask(guest, 'GET', ''))).subscriptions).toEqual([])
  })

  test('does not exist over the socket either', async () => {
    const name = await group({ filter: { streams: ['by-socket'] }, consumers: { agents: ['worker-*'] } })
    await append('by-socket')
    for (const [as, wanted] of [
      [stranger, 'NOT_FOUND'],
      [watcher, 'FORBIDDEN'],
    ] as const) {
      const client = await StreamClient.open(server.url, { authorization: bearerOf(as) })
      client.send({ type: 'consume', id: 'c', subscription: name })
      expect(await client.next('error', 'c')).toMatchObject({ problem: { code: wanted } })
      client.send({ type: 'ack', id: 'a', subscription: name, tokens: ['1.1'] })
      expect(await client.next('error', 'a')).toMatchObject({ problem: { code: wanted } })
      await client.close()
    }
    const client = await StreamClient.open(server.url, { authorization: bearerOf(worker) })
    client.send({ type: 'consume', id: 'c', subscription: name })
    expect(await client.next('delivery', 'c')).toMatchObject({ attempt: 1 })
    await client.close()
  })
})

describe('to define a group', () => {
  test('takes the scope subscriptions.manage, which guests have not', async () => {
    const before = (await jsonOf(server.call('/v1/events?limit=1'))).head
    const refused = await ask(guest, 'PUT', '/by-a-guest', {})
    expect([refused.status, (await jsonOf(refused)).detail]).toEqual([
      403,
      expect.stringContaining('subscriptions.manage'),
    ])
    const narrow = agent('narrow', 'agent', { 'streams.subscribe': ['all'] })
    expect(await statusOf(narrow, 'PUT', '/by-a-reader', {})).toBe(403)
    // Whether the name is taken is nothing they could find out.
    const taken = await group({})
    expect(await statusOf(guest, 'PUT', `/${taken}`, {})).toBe(403)
    expect((await jsonOf(server.call('/v1/events?limit=1'))).head).toBe(before + 1)
  })

  test('is possible so many times for one agent, and deleting one makes room', async () => {
    const many = agent('many')
    for (let n = 0; n < 50; n++) await group({}, many, `many-${n}`)
    const more = await ask(many, 'PUT', '/many-more', {})
    expect([more.status, await jsonOf(more)]).toEqual([429, expect.objectContaining({ code: 'WORK_LIMIT' })])
    expect(await statusOf(many, 'PUT', '/many-1', { after: 'start' })).toBe(200)
    expect(await statusOf(many, 'DELETE', '/many-1')).toBe(204)
    await group({}, many, 'many-more')
    await group({}, agent('another'), 'another-one')
  })

  test('is refused when it is too large', async () => {
    const streams = Array.from({ length: 100 }, (_, n) => `${'x'.repeat(200)}-${n}`)
    const refused = await ask(boss, 'PUT', '/large', { filter: { streams } })
    expect([refused.status, (await jsonOf(refused)).detail]).toEqual([400, expect.stringContaining('bytes')])
  })

  test.each([
    ['a name that is none', { agents: [''] }, '/consumers/agents/0'],
    ['a role that is none', { roles: ['boss'] }, '/consumers/roles/0'],
    ['a field that is none', { streams: ['a'] }, '/consumers/streams'],
    ['no list', { agents: 'worker' }, '/consumers/agents'],
    ['too many', { agents: Array(101).fill('a') }, '/consumers/agents'],
  ])('for %s is refused', async (_, consumers, pointer) => {
    const { errors } = await jsonOf(ask(boss, 'PUT', '/ill-defined', { consumers }))
    expect(errors.map((one: { pointer: string }) => one.pointer)).toEqual([pointer])
  })
})

describe('what a group tells', () => {
  const narrow = agent('narrow-owner', 'agent', {
    'streams.subscribe': ['public_*'],
    'subscriptions.manage': ['public_*', 'other_*'],
  })

  test('its owner is nothing of streams they may not read, however the group is asked', async () => {
    const hidden = await group({ filter: { streams: ['secret_*'] }, after: 0 }, narrow)
    const all = await group({ after: 0 }, narrow)
    const before = await progressFor(hidden, narrow)
    await append('secret_merger')
    for (const name of [hidden, all]) {
      const { head, floor, lag, position } = await progressFor(name, narrow)
      expect([floor, position, lag]).toEqual([head, head, 0])
      expect(await takenFrom(name, narrow)).toEqual([])
    }
    expect(before.lag).toBe(0)
    const shown = await append('public_news')
    await append('secret_merger')
    expect(await progressFor(all, narrow)).toMatchObject({ floor: shown - 1 })
    expect((await takenFrom(all, narrow)).map(({ event }: { event: { stream: string } }) => event.stream)).toEqual([
      'public_news',
    ])
  })

  test('is bounded by what its owner may manage, too', async () => {
    const wide = agent('wide-owner', 'agent', { 'streams.subscribe': ['all'], 'subscriptions.manage': ['mine_*'] })
    const name = await group({ filter: { types: ['managed'] }, after: 'head' }, wide)
    await append('theirs_1', 'managed')
    await append('mine_1', 'managed')
    expect((await takenFrom(name, wide)).map(({ event }: { event: { stream: string } }) => event.stream)).toEqual([
      'mine_1',
    ])
  })

  test('a consumer is nothing of what their own token does not cover', async () => {
    const reader = agent('worker-2', 'agent', { 'streams.subscribe': ['public_*'] })
    const name = await group({ filter: { types: ['mixed'] }, after: 'head', consumers: { agents: ['worker-*'] } })
    const untouched = await progressFor(name, reader)
    await append('secret_1', 'mixed')
    await append('secret_2', 'mixed')
    const taken = await takenFrom(name, worker)
    await ask(worker, 'POST', `/${name}/nack`, { tokens: [taken[0].token], action: 'park', reason: 'a secret reason' })
    const { head, ...told } = await progressFor(name, reader)
    expect({ ...told, lag: 0 }).toEqual({ ...untouched, floor: head, position: head, head: undefined })
    expect((await jsonOf(ask(reader, 'GET', `/${name}/parked`))).parked).toEqual([])
    const whole = await progressFor(name, worker)
    expect(whole).toMatchObject({ inFlight: 1, parked: 1 })
    const operator = agent('auditor', 'agent', { 'streams.subscribe': ['public_*'], 'admin.read': ['all'] })
    const { parked } = await jsonOf(ask(operator, 'GET', `/${name}/parked`))
    expect(parked).toMatchObject([{ attempts: 1, reason: 'a secret reason', event: null }])
    const shown = await append('public_1', 'mixed')
    expect(await progressFor(name, reader)).toMatchObject({ floor: shown - 1, inFlight: 0, parked: 0 })
  })

  test('a time to begin at is not asked of events that are hidden', async () => {
    const since = new Date().toISOString()
    await append('secret_clock')
    const { start } = await jsonOf(ask(narrow, 'PUT', '/from-a-time', { after: since }))
    const { head } = await progressFor('from-a-time', narrow)
    expect(start).toBe(head - 1)
  })
})

describe('a revocation', () => {
  const revocations = () => server.app.get(TokenVerifier, { strict: false }).revocations
  const revoked = async (id: string, work: () => Promise<void>) => {
    revocations().add({ kind: 'agent', id })
    try {
      await work()
    } finally {
      revocations().delete({ kind: 'agent', id })
    }
  }

  test('of whoever waits reaches them before the event does, and nothing is leased to them', async () => {
    const late = agent('worker-late')
    const name = await group({ filter: { streams: ['late'] }, consumers: { agents: ['worker-*'] } })
    const waiting = ask(late, 'POST', `/${name}/take?wait=30`)
    while ((await progressFor(name, boss)).consumers === 0) await new Promise(setImmediate)
    await revoked('worker-late', async () => {
      await append('late')
      const answer = await waiting
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('revoked')])
      expect(await takenFrom(name, boss)).toMatchObject([{ attempt: 1 }])
    })
  })

  test('of its owner stalls a group until it is lifted', async () => {
    const owner = agent('owner-to-be-revoked')
    const name = await group({ filter: { streams: ['stalled'] }, consumers: { agents: ['worker-*'] } }, owner)
    await append('stalled')
    let waiting: Promise<{ deliveries: unknown[] }> | undefined
    await revoked(owner.agentId, async () => {
      expect(await takenFrom(name, worker)).toEqual([])
      expect(await progressFor(name, worker)).toMatchObject({ stalled: { code: 'OWNER_REVOKED' } })
      waiting = jsonOf(ask(worker, 'POST', `/${name}/take?wait=30`))
      while ((await progressFor(name, worker)).consumers === 0) await new Promise(setImmediate)
    })
    expect((await waiting)?.deliveries).toHaveLength(1)
    expect((await progressFor(name, worker)).stalled).toBeNull()
  })
})
