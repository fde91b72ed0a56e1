// Consumer groups over HTTP, on the real server and the embedded store: define, take, settle, park, and who may do what.
import { ADMIN, agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'
import { decodeMessagePack } from '../wire/message-pack.js'
import { GroupsModule } from './groups.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([EventsModule, GroupsModule])
})
afterAll(() => server.stop())

const boss = agent('boss')
const worker = agent('worker')
let groups = 0

async function append(stream: string, count: number, more: object = {}): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => ({ type: 'task.offered', stream, data: { n }, ...more }))
  expect((await server.call('/v1/events/batch', { json: { events } })).status).toBe(201)
}

/** A group of its own with a stream of its own, both called the same. */
async function group(asked: object = {}, name = `g${++groups}`): Promise<string> {
  const json = { filter: { streams: [name] }, after: 'start', consumers: { agents: ['*'] }, ...asked }
  const answer = await server.call(`/v1/subscriptions/${name}`, { method: 'PUT', json, as: boss })
  expect(answer.status).toBe(201)
  return name
}

const post = (path: string, json: object = {}, as = worker) => server.call(`/v1/subscriptions/${path}`, { json, as })
const take = async (name: string, query = 'max=10', as = worker) => {
  const answer = await server.call(`/v1/subscriptions/${name}/take?${query}`, { method: 'POST', as })
  expect(answer.status).toBe(200)
  return (await jsonOf(answer)).deliveries
}
const tokens = (deliveries: { token: string }[]) => deliveries.map(({ token }) => token)
const numbers = (deliveries: { event: { data: { n: number } } }[]) => deliveries.map(({ event }) => event.data.n)
const progress = async (name: string) => (await jsonOf(server.call(`/v1/subscriptions/${name}`))).progress

describe('a task', () => {
  test('is handed out once, and done once it is acknowledged', async () => {
    const name = await group()
    await append(name, 3)
    const given = await take(name, 'max=2')
    expect(numbers(given)).toEqual([0, 1])
    expect(given[0]).toEqual({
      token: expect.stringMatching(/^\d+\.1$/),
      attempt: 1,
      deadline: expect.stringMatching(/^\d{4}-.*Z$/),
      event: expect.objectContaining({ type: 'task.offered', stream: name, data: { n: 0 } }),
    })
    expect(await progress(name)).toMatchObject({ inFlight: 2, retrying: 0, parked: 0, consumers: 1, stalled: null })
    expect(await jsonOf(post(`${name}/ack`, { tokens: tokens(given) }))).toEqual({ settled: 2 })
    expect(numbers(await take(name))).toEqual([2])
    expect(await take(name)).toEqual([])
  })

  test('that is settled leaves the group up with the head', async () => {
    const name = await group()
    await append(name, 1)
    await post(`${name}/ack`, { tokens: tokens(await take(name)) })
    expect(await progress(name)).toMatchObject({
      lag: 0,
      inFlight: 0,
      oldestInFlight: null,
      nextDue: null,
      consumers: 0,
    })
  })

  test('that comes while somebody waits is given to them at once', async () => {
    const name = await group({ after: 'head' })
    const waiting = take(name, 'wait=30')
    await append(name, 1)
    expect(numbers(await waiting)).toEqual([0])
  })

  test('nobody waits for longer than they said', async () => {
    expect(await take(await group(), 'wait=0.05')).toEqual([])
  })

  test('is given to one of many who wait', async () => {
    const name = await group()
    const waiting = Array.from({ length: 20 }, (_, i) => take(name, 'max=3&wait=20', agent(`w${i}`)))
    await append(name, 60)
    const given = (await Promise.all(waiting)).flat()
    while (given.length < 60) given.push(...(await take(name)))
    expect(numbers(given).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n))
  })

  test('that is not acknowledged in time goes to another, and the first token is stale', async () => {
    const name = await group({ ackTimeoutSeconds: 1 })
    await append(name, 1)
    const [first] = await take(name)
    expect(await take(name)).toEqual([])
    const [second] = await take(name, 'wait=20', agent('other'))
    expect(second.attempt).toBe(2)
    expect(Date.parse(second.deadline) - 1_000).toBeGreaterThanOrEqual(Date.parse(first.deadline))
    const stale = await post(`${name}/ack`, { tokens: [first.token] })
    expect(stale.status).toBe(409)
    expect(await jsonOf(stale)).toMatchObject({ code: 'STALE_DELIVERY', errors: [{ pointer: '/tokens/0' }] })
    expect((await post(`${name}/ack`, { tokens: [second.token] }, agent('other'))).status).toBe(200)
  })

  test('whose deadline has passed can be acknowledged as long as nobody else has it', async () => {
    const name = await group({ ackTimeoutSeconds: 1 })
    await append(name, 1)
    const given = await take(name)
    const until = async (met: (at: { retrying: number }) => boolean) => {
      while (!met(await progress(name))) await new Promise(setImmediate)
    }
    await until(({ retrying }) => retrying === 1)
    expect((await post(`${name}/ack`, { tokens: tokens(given) })).status).toBe(200)
    expect(await progress(name)).toMatchObject({ retrying: 0, lag: 0 })
  })
})

describe('a settlement', () => {
  test('is all or nothing, and names what is stale', async () => {
    const name = await group()
    await append(name, 2)
    const [one, two] = tokens(await take(name)) as [string, string]
    const mixed = [one, '999.9', two, 'no token at all']
    const answer = await jsonOf(post(`${name}/ack`, { tokens: mixed }))
    expect(answer.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/tokens/1', '/tokens/3'])
    expect(await progress(name)).toMatchObject({ inFlight: 2 })
  })

  test('may be repeated when its answer was lost, and not turned round', async () => {
    const name = await group()
    await append(name, 1)
    const given = { tokens: tokens(await take(name)) }
    for (let i = 0; i < 2; i++) expect(await jsonOf(post(`${name}/ack`, given))).toEqual({ settled: 1 })
    expect((await post(`${name}/nack`, { ...given, action: 'retry' })).status).toBe(409)
  })

  test('of what another consumer was given is none, but for who defined the group', async () => {
    const name = await group()
    await append(name, 1)
    const given = { tokens: tokens(await take(name)) }
    expect((await post(`${name}/ack`, given, agent('stranger'))).status).toBe(409)
    expect((await post(`${name}/ack`, given, boss)).status).toBe(200)
  })

  test('that returns a task hands it out again, after the delay and not before', async () => {
    const name = await group()
    await append(name, 1)
    expect((await post(`${name}/nack`, { tokens: tokens(await take(name)), action: 'retry' })).status).toBe(200)
    const again = await take(name)
    expect(again).toMatchObject([{ attempt: 2 }])
    const before = Date.now()
    await post(`${name}/nack`, { tokens: tokens(again), action: 'retry', delaySeconds: 1, reason: 'busy' })
    expect(await take(name)).toEqual([])
    expect(await progress(name)).toMatchObject({ retrying: 1, nextDue: expect.any(String) })
    expect(await take(name, 'wait=20')).toMatchObject([{ attempt: 3 }])
    expect(Date.now() - before).toBeGreaterThanOrEqual(1_000)
  })

  test('that skips a task is the end of it', async () => {
    const name = await group()
    await append(name, 1)
    await post(`${name}/nack`, { tokens: tokens(await take(name)), action: 'skip', reason: 'a duplicate' })
    expect(await take(name)).toEqual([])
    expect(await progress(name)).toMatchObject({ lag: 0, parked: 0 })
  })
})

describe('what is parked', () => {
  const parked = async (name: string, query = '', as = worker) =>
    jsonOf(server.call(`/v1/subscriptions/${name}/parked${query}`, { as }))

  test('is shown with its reason, page by page, and its event to whom may see it', async () => {
    const name = await group()
    await append(name, 3)
    const given = await take(name)
    await post(`${name}/nack`, { tokens: tokens(given), action: 'park', reason: 'no such tool' })
    const page = await parked(name, '?limit=2')
    expect(page.parked).toHaveLength(2)
    expect(page.parked[0]).toEqual({
      position: given[0].event.position,
      attempts: 1,
      reason: 'no such tool',
      at: expect.stringMatching(/Z$/),
      event: given[0].event,
    })
    const rest = await parked(name, `?after=${page.next}`)
    expect([rest.parked.length, rest.next]).toEqual([1, null])
    const blind = agent('blind', 'agent', { 'streams.subscribe': ['elsewhere'] })
    expect((await parked(name, '', blind)).parked).toEqual([])
  })

  test('is what was tried too often, whether it was returned or forgotten', async () => {
    const name = await group({ maxAttempts: 2, ackTimeoutSeconds: 1 })
    await append(name, 2)
    const [returned] = await take(name, 'max=1')
    await post(`${name}/nack`, { tokens: [returned.token], action: 'retry', reason: 'first' })
    const second = await take(name)
    expect(second.map(({ attempt }: { attempt: number }) => attempt)).toEqual([2, 1])
    await post(`${name}/nack`, { tokens: [second[0].token], action: 'retry', reason: 'second' })
    expect((await parked(name)).parked).toMatchObject([{ attempts: 2, reason: 'second' }])
    expect(await take(name, 'wait=20')).toMatchObject([{ attempt: 2, event: { data: { n: 1 } } }])
    while ((await progress(name)).parked < 2) await take(name, 'wait=0.2')
    expect((await parked(name)).parked[1]).toMatchObject({ attempts: 2, reason: expect.stringContaining('deadline') })
  })

  test('is handed out anew when it is replayed, and gone when it is discarded', async () => {
    const name = await group()
    await append(name, 3)
    const given = await take(name)
    await post(`${name}/nack`, { tokens: tokens(given), action: 'park' })
    const positions = [given[1].event.position]
    expect(await jsonOf(post(`${name}/parked/replay`, { positions }, boss))).toEqual({ replayed: 1 })
    expect(await take(name)).toMatchObject([{ attempt: 1, event: { data: { n: 1 } } }])
    expect(await jsonOf(post(`${name}/parked/discard`, {}, boss))).toEqual({ discarded: 2 })
    expect(await jsonOf(post(`${name}/parked/discard`, {}, boss))).toEqual({ discarded: 0 })
    expect(await progress(name)).toMatchObject({ parked: 0, inFlight: 1 })
  })
})

describe('the order', () => {
  test('by stream: one of a stream at a time, and none before an earlier one is settled', async () => {
    const name = await group({ ordering: 'stream', filter: { types: ['ordered'] }, after: 'head' })
    for (let n = 0; n < 3; n++) {
      for (const stream of ['o/a', 'o/b']) await append(stream, 1, { type: 'ordered', data: { n } })
    }
    const first = await take(name)
    expect(first.map(({ event }: { event: { stream: string } }) => event.stream)).toEqual(['o/a', 'o/b'])
    await post(`${name}/nack`, { tokens: [first[0].token], action: 'retry', delaySeconds: 3_600 })
    await post(`${name}/ack`, { tokens: [first[1].token] })
    const next = await take(name)
    expect(next).toMatchObject([{ event: { stream: 'o/b', data: { n: 1 } } }])
    expect(await take(name)).toEqual([])
    await post(`${name}/nack`, { tokens: [next[0].token], action: 'park' })
    expect(await take(name)).toMatchObject([{ event: { stream: 'o/b', data: { n: 2 } } }])
  })

  test('by correlation', async () => {
    const name = await group({ ordering: 'correlation' })
    for (const correlationId of ['x', 'x', 'y']) await append(name, 1, { correlationId })
    expect((await take(name)).map((given: { event: object }) => given.event)).toMatchObject([
      { correlationId: 'x' },
      { correlationId: 'y' },
    ])
  })
})

describe('a definition', () => {
  const put = (name: string, json: object, as = boss) =>
    server.call(`/v1/subscriptions/${name}`, { method: 'PUT', json, as })

  test('is 201 once, 200 when it is the same, and its settings can be changed', async () => {
    const consumers = { agents: ['worker'] }
    const json = { filter: { types: ['a', 'b'], tags: ['t'] }, after: 'start', maxAttempts: 3, consumers }
    const first = await put('defined', json)
    expect(first.status).toBe(201)
    expect(await jsonOf(first)).toEqual({
      name: 'defined',
      filter: json.filter,
      after: 'start',
      start: 0,
      definedBy: 'boss',
      consumers: { agents: ['worker'], roles: [] },
      ackTimeoutSeconds: 30,
      maxAttempts: 3,
      maxInFlight: 1_000,
      ordering: 'none',
      damaged: 'stop',
      progress: expect.any(Object),
    })
    expect((await put('defined', { ...json, filter: { tags: ['t'], types: ['b', 'a'] } }, worker)).status).toBe(200)
    const changed = await put('defined', { ...json, maxAttempts: 4 })
    expect([changed.status, (await jsonOf(changed)).maxAttempts]).toEqual([200, 4])
  })

  test('with another filter or another start is a conflict', async () => {
    await put('fixed', { after: 'start' })
    for (const [json, pointer] of [
      [{ after: 'head' }, '/after'],
      [{ after: 'start', filter: { types: ['x'] } }, '/filter'],
    ] as const) {
      const answer = await put('fixed', json)
      expect(answer.status).toBe(409)
      expect(await jsonOf(answer)).toMatchObject({ code: 'SUBSCRIPTION_CONFLICT', errors: [{ pointer }] })
    }
  })

  test('with a causation id hands out what that event caused, and keeps to it', async () => {
    const filter = { causationId: 'cause-1' }
    const name = await group({ filter })
    for (const causationId of ['cause-2', 'cause-1']) await append(name, 1, { causationId })
    expect((await take(name)).map((given: { event: object }) => given.event)).toMatchObject([filter])
    expect((await put(name, { filter: { causationId: 'cause-2' }, after: 'start' })).status).toBe(409)
  })

  test('is changed and deleted by who made it, or by an operator', async () => {
    const name = await group()
    await append(name, 1)
    await post(`${name}/nack`, { tokens: tokens(await take(name)), action: 'park' })
    const json = { filter: { streams: [name] }, after: 'start', maxAttempts: 9 }
    expect((await put(name, json, worker)).status).toBe(403)
    expect((await put(name, { after: 0 }, worker)).status).toBe(403)
    expect((await post(`${name}/parked/replay`)).status).toBe(403)
    expect((await post(`${name}/parked/discard`)).status).toBe(403)
    const remove = (as: typeof worker) => server.call(`/v1/subscriptions/${name}`, { method: 'DELETE', as })
    expect((await remove(worker)).status).toBe(403)
    expect((await put(name, json, ADMIN)).status).toBe(200)
    expect((await remove(ADMIN)).status).toBe(204)
    expect((await remove(ADMIN)).status).toBe(404)
    expect((await server.call(`/v1/subscriptions/${name}`)).status).toBe(404)
  })

  test.each([
    ['the start', 'start', [0, 1, 2, 3]],
    ['what comes', 'head', [3]],
    ['a position', 'position', [1, 2, 3]],
    ['a position in quotes', 'quoted', [1, 2, 3]],
    ['an event', 'id', [2, 3]],
    ['a time', 'time', [1, 2, 3]],
  ])('begins at %s', async (_, kind, wanted) => {
    const name = `begins-${kind}`
    const ids: { id: string; position: number; timestamp: string }[] = []
    for (let n = 0; n < 3; n++) {
      ids.push(await jsonOf(server.call('/v1/events', { json: { type: 't', stream: name, data: { n } } })))
      // Each in a millisecond of its own: who begins at a time begins with all that have it.
      while (Date.now() <= Date.parse((ids[n] as (typeof ids)[0]).timestamp)) await new Promise(setImmediate)
    }
    const [first, second] = ids as [(typeof ids)[0], (typeof ids)[0]]
    const after = { position: first.position, quoted: String(first.position), id: second.id, time: second.timestamp }
    await group({ after: kind in after ? after[kind as 'id'] : kind }, name)
    await server.call('/v1/events', { json: { type: 't', stream: name, data: { n: 3 } } })
    expect(numbers(await take(name))).toEqual(wanted)
  })

  test('is listed, in pages', async () => {
    const { subscriptions, next } = await jsonOf(server.call('/v1/subscriptions?limit=2'))
    expect(subscriptions).toHaveLength(2)
    const rest = await jsonOf(server.call(`/v1/subscriptions?after=${next}&limit=1000`))
    const names = [...subscriptions, ...rest.subscriptions].map(({ name }: { name: string }) => name)
    expect(names).toContain('defined')
    expect(names).toEqual([...new Set(names)].sort())
    expect(rest.next).toBeNull()
  })

  test('may be made anew after it was deleted, and old tokens settle nothing of the new one', async () => {
    const name = await group()
    await append(name, 1)
    const old = await take(name)
    await server.call(`/v1/subscriptions/${name}`, { method: 'DELETE', as: boss })
    await group({}, name)
    const fresh = await take(name)
    expect(fresh[0].token).not.toBe(old[0].token)
    expect((await post(`${name}/ack`, { tokens: tokens(old) })).status).toBe(409)
    expect((await post(`${name}/ack`, { tokens: tokens(fresh) })).status).toBe(200)
  })

  test('that ends leaves nobody waiting', async () => {
    const name = await group()
    const waiting = server.call(`/v1/subscriptions/${name}/take?wait=30`, { method: 'POST', as: worker })
    while ((await progress(name)).consumers === 0) await new Promise(setImmediate)
    await server.call(`/v1/subscriptions/${name}`, { method: 'DELETE', as: boss })
    expect((await waiting).status).toBe(404)
  })
})

describe('a consumer', () => {
  test('is given only what its token covers, and the rest goes to others', async () => {
    const name = await group({ filter: { types: ['scoped'] }, after: 'head' })
    await append('secret', 1, { type: 'scoped', data: { n: 7 } })
    await append('public_a', 1, { type: 'scoped', data: { n: 8 } })
    expect(numbers(await take(name, 'max=9', agent('guest', 'guest')))).toEqual([8])
    expect(numbers(await take(name))).toEqual([7])
  })

  test('is never given the books of the groups', async () => {
    const name = await group({ filter: { streams: ['$*'] } })
    expect(await take(name, 'max=100', ADMIN)).toEqual([])
  })

  test('that goes away while it waits is given nothing', async () => {
    const name = await group({ ackTimeoutSeconds: 3_600 })
    const gone = new AbortController()
    const path = `/v1/subscriptions/${name}/take?wait=30`
    const left = server.call(path, { method: 'POST', as: agent('leaver'), signal: gone.signal }).catch(() => 'left')
    while ((await progress(name)).consumers === 0) await new Promise(setImmediate)
    gone.abort()
    expect(await left).toBe('left')
    while ((await progress(name)).consumers > 0) await new Promise(setImmediate)
    await append(name, 1)
    expect(await take(name)).toMatchObject([{ attempt: 1 }])
  })

  test('is given MessagePack when it asks for it', async () => {
    const name = await group()
    await append(name, 2)
    const path = `/v1/subscriptions/${name}/take`
    const headers = { accept: 'application/msgpack' }
    const answer = await server.call(path, { method: 'POST', as: worker, headers })
    expect(answer.headers.get('content-type')).toBe('application/msgpack')
    const body = decodeMessagePack(Buffer.from(await answer.arrayBuffer())) as { deliveries: unknown[] }
    expect(body.deliveries).toMatchObject([{ attempt: 1, event: { data: { n: 0 } } }, { event: { data: { n: 1 } } }])
  })

  test('is given no more at once than the group allows', async () => {
    const name = await group({ maxInFlight: 2 })
    await append(name, 5)
    const given = await take(name)
    expect(given).toHaveLength(2)
    expect(await take(name)).toEqual([])
    const waiting = take(name, 'wait=30')
    await post(`${name}/ack`, { tokens: [given[0].token] })
    expect(numbers(await waiting)).toEqual([2])
  })
})

test('what the groups did stands in the log, with who did it', async () => {
  const name = await group()
  await append(name, 1)
  await post(`${name}/ack`, { tokens: tokens(await take(name)) })
  const path = `/v1/events?stream=$subscriptions&tag=subscription:${name}`
  const { events } = await jsonOf(server.call(path))
  expect(events.map(({ type, agentId }: { type: string; agentId: string }) => [type, agentId])).toEqual([
    ['SubscriptionDefined', '$service'],
    ['EventsTaken', '$service'],
    ['EventsSettled', '$service'],
  ])
  expect(events[1].data).toMatchObject({ subscription: name, consumer: 'worker', firstNumber: 1 })
})
