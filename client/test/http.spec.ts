// What the client does over HTTP, against the real server: every verb once as it is meant, and its ends.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type RunningServer, tokenOf } from '../../test/support/running-server.js'
import { ConflictError, isIndeterminate, LighthouseError, NetworkError } from '../src/lighthouse.js'
import { all, clientOf, startServer } from './support/server-and-client.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.stop())

const failureOf = (promise: Promise<unknown>): Promise<LighthouseError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    error => error,
  )

describe('the token', () => {
  test('is told who it is, and gives tickets', async () => {
    const lighthouse = clientOf(server)
    const { agentId, scopes, limits, work, expiresInSeconds } = await lighthouse.whoami()
    expect([agentId, scopes['events.read']?.includes('*')]).toEqual(['tester', true])
    expect(limits.requestsPerMinute.left).toBeLessThanOrEqual(limits.requestsPerMinute.limit)
    expect([work['tickets'], expiresInSeconds > 0]).toEqual([{ limit: 100, left: 100 }, true])
    const { ticket } = await lighthouse.ticket()
    const headers = { accept: 'text/event-stream' }
    const open = await fetch(`${server.url}/v1/events?ticket=${ticket}`, { headers })
    expect(open.status).toBe(200)
    await open.body?.cancel()
  })
})

describe('append', () => {
  test('stores one event and says where', async () => {
    const lighthouse = clientOf(server)
    const appended = await lighthouse.append({ type: 'Noted', stream: 'one', data: { n: 1 }, tags: ['a'] })
    expect(appended).toMatchObject({ stream: 'one', revision: 0, duplicate: false, durability: 'fsync' })
    expect(await lighthouse.event(appended.id)).toMatchObject({ position: appended.position, data: { n: 1 } })
    expect(await lighthouse.event(appended.position)).toMatchObject({ id: appended.id, agentId: 'tester' })
  })

  test('stores many at consecutive positions', async () => {
    const events = ['x', 'y', 'x'].map(stream => ({ type: 'Noted', stream: `many-${stream}`, data: {} }))
    const appended = await clientOf(server).append(events, {
      expectations: [{ stream: 'many-x', expectedRevision: 'none' }],
    })
    expect(appended.events.map(event => [event.stream, event.revision])).toEqual([
      ['many-x', 0],
      ['many-y', 0],
      ['many-x', 1],
    ])
    expect(appended.lastPosition - appended.firstPosition).toBe(2)
  })

  test('to a stream, with an expectation of one and of many', async () => {
    const lighthouse = clientOf(server)
    await lighthouse.appendTo('to', { type: 'Noted', data: {} }, { expectedRevision: 'none' })
    await lighthouse.appendTo(
      'to',
      [1, 2].map(n => ({ type: 'Noted', data: { n } })),
      { expectedRevision: 0 },
    )
    const failure = await failureOf(lighthouse.appendTo('to', [{ type: 'Noted', data: {} }], { expectedRevision: 0 }))
    expect(failure).toBeInstanceOf(ConflictError)
    expect(failure).toMatchObject({
      code: 'REVISION_CONFLICT',
      status: 409,
      outcome: 'rejected',
      retryable: false,
      violations: [{ kind: 'revision', stream: 'to', expected: 0, actual: 2 }],
    })
    expect(failure.traceId).toMatch(/^[0-9a-f]{32}$/)
  })

  test('under a condition', async () => {
    const lighthouse = clientOf(server)
    const claim = { type: 'Claimed', stream: 'claims', data: {}, tags: ['task:7'] }
    const condition = { failIfEventsMatch: { items: [{ types: ['Claimed'], tags: ['task:7'] }] } }
    const first = await lighthouse.append(claim, { condition })
    const failure = await failureOf(lighthouse.append(claim, { condition }))
    expect(failure).toMatchObject({
      name: 'ConflictError',
      code: 'CONDITION_FAILED',
      violations: [{ kind: 'condition', id: first.id, position: first.position, type: 'Claimed' }],
    })
    await lighthouse.append(claim, { condition: { ...condition, after: await lighthouse.head() } })
  })

  test('under a key is stored once', async () => {
    const lighthouse = clientOf(server)
    const event = { type: 'Noted', stream: 'keyed', data: { n: 1 } }
    const first = await lighthouse.append(event, { key: 'keyed-1' })
    expect(await lighthouse.append(event, { key: 'keyed-1' })).toEqual({ ...first, duplicate: true })
    const failure = await failureOf(lighthouse.append({ ...event, data: { n: 2 } }, { key: 'keyed-1' }))
    expect(failure).toMatchObject({ code: 'KEY_REUSED', status: 422, key: 'keyed-1', outcome: 'rejected' })
  })

  test('that breaks rules is told all of them', async () => {
    const failure = await failureOf(clientOf(server).append({ type: '7', stream: '', data: {} }))
    expect(failure).toMatchObject({ name: 'LighthouseError', code: 'INVALID_EVENT', outcome: 'rejected' })
    expect(failure.errors.map(error => error.pointer)).toEqual(['/type', '/stream'])
  })

  test('carries the correlation id and the trace context of its call', async () => {
    const lighthouse = clientOf(server)
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const context = { correlationId: 'build-42', traceparent }
    const { id } = await lighthouse.append({ type: 'Noted', stream: 'traced', data: {} }, { context })
    expect(await lighthouse.event(id)).toMatchObject({ correlationId: 'build-42', traceparent })
    const failure = await failureOf(lighthouse.append({ type: '7', stream: 'traced', data: {} }, { context }))
    expect(failure).toMatchObject({ correlationId: 'build-42', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' })
  })

  test('that nobody answers is told from one that was refused', async () => {
    // Nobody listens there, on any machine.
    const gone = { url: 'http://127.0.0.1:2' }
    const lighthouse = clientOf(gone, { retry: { attempts: 2, firstDelayMs: 1 } })
    const failure = await failureOf(lighthouse.append({ type: 'Noted', stream: 'a', data: {} }))
    expect(failure).toBeInstanceOf(NetworkError)
    expect(failure).toMatchObject({ code: 'NETWORK', retryable: true, outcome: 'rejected' })
    expect(failure.detail).toBe('No answer from 127.0.0.1:2: refused (ECONNREFUSED).')
    expect(isIndeterminate(failure)).toBe(false)
  })

  test('a call that is given up rejects with the reason of its signal', async () => {
    const lighthouse = clientOf(server)
    const event = { type: 'Noted', stream: 'aborted', data: {} }
    const reason = new Error('enough')
    await expect(lighthouse.append(event, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = lighthouse.wait({ streams: 'aborted', signal: controller.signal })
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })
})

describe('read', () => {
  const stream = 'read_me'
  const numbers = (events: readonly { readonly data: unknown }[]) =>
    events.map(({ data }) => (data as { readonly n: number }).n)
  let first: number

  beforeAll(async () => {
    const events = Array.from({ length: 500 }, (_, n) => ({
      type: n % 2 === 0 ? 'Even' : 'Odd',
      stream,
      data: { n },
      tags: [`mod:${n % 10}`],
      sessionId: `s${n % 3}`,
    }))
    first = (await clientOf(server, { agent: 'reader-1' }).append(events)).firstPosition
  })

  test('all, oldest or newest first', async () => {
    const lighthouse = clientOf(server)
    const up = Array.from({ length: 500 }, (_, n) => n)
    expect(numbers(await all(lighthouse.read({ streams: stream })))).toEqual(up)
    expect(numbers(await all(lighthouse.read({ streams: stream, order: 'desc' })))).toEqual(up.toReversed())
  })

  test('by every filter', async () => {
    const lighthouse = clientOf(server)
    const [event] = await all(lighthouse.read({ streams: 'read*', types: ['Odd'], tags: ['mod:7'], limit: 1 }))
    expect(event?.data).toEqual({ n: 7 })
    const narrow = { agents: 'reader-1', sessionId: ['s0', 's1'], after: first, before: first + 4 }
    expect(numbers(await all(lighthouse.read(narrow)))).toEqual([1, 3])
    const timed = { streams: stream, since: new Date(0), until: '2100-01-01T00:00:00Z', limit: 3 }
    expect(numbers(await all(lighthouse.read(timed)))).toEqual([0, 1, 2])
    expect(await all(lighthouse.read({ causationId: 'nothing' }))).toEqual([])
    expect(await all(lighthouse.read({ streams: stream, limit: 0 }))).toEqual([])
  })

  test('stops when its reader does', async () => {
    for await (const event of clientOf(server).read({ streams: stream })) {
      if ((event.data['n'] as number) === 3) break
    }
    const controller = new AbortController()
    const reading = all(
      (async function* () {
        for await (const event of clientOf(server).read({ streams: stream, signal: controller.signal })) {
          if (event.data['n'] === 10) controller.abort(new Error('enough'))
          yield event
        }
      })(),
    )
    await expect(reading).rejects.toThrow('enough')
  })

  test('an empty list of streams is refused, not taken for all of them', async () => {
    await expect(all(clientOf(server).read({ streams: [] }))).rejects.toThrow(TypeError)
  })

  test('what is wrong with a read is told', async () => {
    const failure = await failureOf(all(clientOf(server).read({ streams: 'no spaces' })))
    expect(failure).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ pointer: '/stream/0' }] })
  })

  test('page by page', async () => {
    const lighthouse = clientOf(server)
    const one = await lighthouse.readPage({ streams: stream, limit: 300 })
    const two = await lighthouse.readPage({ streams: stream, limit: 300, cursor: one.next ?? '' })
    expect([one.events.length, two.events.length, two.next]).toEqual([300, 200, null])
    expect(one.head).toBe(two.head)
  })

  test('a stream by revision', async () => {
    const lighthouse = clientOf(server)
    expect(numbers(await all(lighthouse.readStream(stream, { from: 490 })))).toEqual(
      [...Array(10).keys()].map(n => 490 + n),
    )
    expect(numbers(await all(lighthouse.readStream(stream, { order: 'desc', limit: 2 })))).toEqual([499, 498])
    expect(await all(lighthouse.readStream('never/written'))).toEqual([])
    expect(await lighthouse.stream(stream)).toMatchObject({ revision: 499, events: 500, first: { revision: 0 } })
    expect(await lighthouse.stream('never/written')).toBeUndefined()
    expect(await lighthouse.event('1_0_nobody')).toBeUndefined()
  })

  test('streams by name', async () => {
    const lighthouse = clientOf(server)
    await lighthouse.append(['a', 'b', 'c'].map(name => ({ type: 'Noted', stream: `named/${name}`, data: {} })))
    const names = (await all(lighthouse.streams('named/*', { limit: 2 }))).map(head => head.stream)
    expect(names).toEqual(['named/a', 'named/b'])
    expect((await all(lighthouse.streams('named/*', { after: 'named/b' }))).length).toBe(1)
  })

  test('by what is in them, with the plan', async () => {
    const query = clientOf(server).query({
      where: {
        and: [
          { field: 'stream', op: 'eq', value: stream },
          { field: 'data.n', op: 'gte', value: 450 },
        ],
      },
      pageSize: 20,
    })
    expect(query.plan).toBeUndefined()
    expect(numbers(await all(query))).toEqual([...Array(50).keys()].map(n => 450 + n))
    expect(query.plan).toMatchObject({ matched: 50 })
    expect(query.plan?.index).toContain('stream')
    const rows = clientOf(server).query({
      where: { field: 'stream', op: 'eq', value: stream },
      orderBy: { field: 'data.n', order: 'desc' },
      select: ['data.n'],
      limit: 3,
    })
    expect((await all(rows)).map(row => row['data.n'])).toEqual([499, 498, 497])
    const pages = await all(rows.pages())
    expect(pages.map(page => page.events.length)).toEqual([3])
  })

  test('waits for what comes', async () => {
    const lighthouse = clientOf(server)
    const after = await lighthouse.head()
    const none = await lighthouse.wait({ streams: 'waited', timeoutSeconds: 0 })
    expect(none).toEqual({ events: [], position: after })
    const waiting = lighthouse.wait({ streams: 'waited', after })
    const { position } = await lighthouse.append({ type: 'Noted', stream: 'waited', data: {} })
    expect(await waiting).toMatchObject({ events: [{ stream: 'waited', position }], position })
  })
})

describe('the token', () => {
  test('is asked for once, and again when it is refused', async () => {
    let asked = 0
    const exp = Math.floor(Date.now() / 1000) - 3_600
    const token = () => {
      asked++
      // The first one has run out, as a clock that is wrong would not notice.
      return asked === 1 ? tokenOf({ sub: 'late', role: 'admin', exp }) : tokenOf({ sub: 'late', role: 'admin' })
    }
    const lighthouse = clientOf(server, { token })
    await Promise.all([lighthouse.head(), lighthouse.head(), lighthouse.head()])
    await all(lighthouse.read({ limit: 1 }))
    expect(asked).toBe(2)
  })

  test('that is fixed and bad is told', async () => {
    const failure = await failureOf(clientOf(server, { token: 'no token' }).head())
    expect(failure).toMatchObject({ code: 'UNAUTHENTICATED', status: 401, retryable: false })
    const forbidden = clientOf(server, { role: 'agent', agent: 'small' })
    expect(await failureOf(forbidden.append({ type: 'Noted', stream: 'not-mine', data: {} }))).toMatchObject({
      code: 'FORBIDDEN',
      status: 403,
      outcome: 'rejected',
    })
  })

  test('whose function fails is tried again like anything else', async () => {
    let asked = 0
    const token = async () => {
      if (++asked < 3) throw new Error('the identity provider is away')
      return tokenOf({ sub: 'a', role: 'admin' })
    }
    await clientOf(server, { token }).head()
    const broken = clientOf(server, {
      token: () => Promise.reject(new Error('away')),
      retry: { attempts: 2, firstDelayMs: 1 },
    })
    expect(await failureOf(broken.head())).toMatchObject({ code: 'UNAUTHENTICATED', cause: new Error('away') })
  })
})
