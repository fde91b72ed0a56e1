// Reads over HTTP: pages that miss and repeat nothing while writers write, lines without end, waits, and what stays hidden.
import { once } from 'node:events'
import { get } from 'node:http'
import {
  ADMIN,
  agent,
  bearerOf,
  type Call,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import type { NewEvent } from '../contract/event.js'
import { PackedBody, plainBody } from '../wire/body.js'
import { EventsModule } from './events.module.js'

let server: ServerUnderTest
const call = (path: string, options?: Call) => server.call(path, options)
const read = (path: string, options?: Call) => jsonOf(call(path, options))

beforeEach(async () => {
  server = await startServer([EventsModule])
})
afterEach(() => server.stop())

const author = { agentId: 'writer' }
const event = (parts: Partial<NewEvent> = {}): NewEvent => ({ type: 'tick', stream: 'clock', data: {}, ...parts })
const append = (...events: NewEvent[]) => server.store.append({ events, author })
const many = (count: number, parts?: (n: number) => Partial<NewEvent>) =>
  Array.from({ length: count }, (_, n) => event({ data: { n }, ...parts?.(n) }))

async function fill(count: number, parts?: (n: number) => Partial<NewEvent>): Promise<void> {
  const events = many(count, parts)
  for (let from = 0; from < count; from += 1000) await append(...events.slice(from, from + 1000))
}

async function lines(answer: Response): Promise<Record<string, unknown>[]> {
  const text = await answer.text()
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

test.each(['asc', 'desc'])(
  'pages %s through 10,000 events, while others append, miss and repeat nothing',
  async order => {
    await fill(10_000, n => ({ type: n % 2 === 0 ? 'even' : 'odd' }))
    const seen: number[] = []
    let path: string | undefined = `/v1/events?type=even&order=${order}&limit=700&until=2500-01-01T00:00:00Z`
    while (path !== undefined) {
      const [answer]: [Response, unknown] = await Promise.all([
        call(path),
        append(...many(10, () => ({ type: 'even' }))),
      ])
      const { events, next, head }: { events: { position: number }[]; next: string | null; head: number } =
        await jsonOf(answer)
      seen.push(...events.map(({ position }) => position))
      expect(head).toBeGreaterThanOrEqual(10_000)
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
      expect(path === undefined).toBe(next === null)
    }
    const oldest = Array.from({ length: 5_000 }, (_, n) => 2 * n + 1)
    const kept = seen.filter(position => position <= 10_000)
    expect(kept).toEqual(order === 'asc' ? oldest : oldest.toReversed())
    expect(new Set(seen).size).toBe(seen.length)
    // At most what was appended before the first page was read.
    expect(seen.length - kept.length).toBeLessThanOrEqual(10)
  },
)

test('newest first is newest first, and the last page says so', async () => {
  await fill(5)
  const page = await read('/v1/events?order=desc&limit=5')
  expect(page.events.map((of: { position: number }) => of.position)).toEqual([5, 4, 3, 2, 1])
  expect([page.next, page.head]).toEqual([null, 5])
})

test('a page and an event come as MessagePack when asked', async () => {
  await append(event({ data: { n: 1, list: [true, null, 'é'] } }))
  const headers = { accept: 'application/msgpack' }
  for (const path of ['/v1/events', '/v1/events/1', '/v1/streams/clock/events']) {
    const answer = await call(path, { headers })
    expect(answer.headers.get('content-type')).toBe('application/msgpack')
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect(plainBody(new PackedBody(bytes))).toEqual(await read(path))
  }
})

test('a page is bounded in bytes too', async () => {
  const data = { text: 'x'.repeat(1_000_000) }
  for (let i = 0; i < 3; i++) await append(...many(5, () => ({ data })))
  const first = await read('/v1/events?limit=10000')
  const second = await read(`/v1/events?limit=10000&cursor=${first.next}`)
  expect([first.events.length, second.events.length, second.next]).toEqual([8, 7, null])
})

test.each([
  ['unknown=1', '/unknown'],
  ['limit=0', '/limit'],
  ['limit=10001', '/limit'],
  ['limit=ten', '/limit'],
  ['after=-1', '/after'],
  ['order=up', '/order'],
  ['stream=a%20b', '/stream/0'],
  ['type=', '/type/0'],
  ['since=yesterday', '/since'],
  ['cursor=abc', '/cursor'],
])('%s is refused by its name', async (query, pointer) => {
  const answer = await call(`/v1/events?${query}`)
  expect(answer.status).toBe(400)
  expect((await jsonOf(answer)).errors[0].pointer).toBe(pointer)
})

test('filters are found by glob, by list and by reference', async () => {
  await append(
    event({ stream: 'a/1', type: 'x.y', tags: ['p', 'q'], correlationId: 'c1', sessionId: 's1' }),
    event({ stream: 'a/2', type: 'x.z', tags: ['p'], correlationId: 'c2' }),
    event({ stream: 'b', type: 'y', causationId: 'e1' }),
  )
  const found = async (query: string) =>
    (await read(`/v1/events?${query}`)).events.map((of: { position: number }) => of.position)
  expect(await found('stream=a/*')).toEqual([1, 2])
  expect(await found('type=x.*&stream=*/2&stream=b')).toEqual([2])
  expect(await found('tag=p&tag=q')).toEqual([1])
  expect(await found('correlation=c1&correlation=c2')).toEqual([1, 2])
  expect(await found('causation=e1')).toEqual([3])
  expect(await found('session=s1')).toEqual([1])
  expect(await found('agent=nobody')).toEqual([])
  expect(await found('after=1&before=3')).toEqual([2])
})

test('what a token may not read does not exist for it', async () => {
  await append(event({ stream: 'public_news' }), event({ stream: 'private' }))
  const as = agent('g', 'guest')
  const page = await read('/v1/events', { as })
  expect(page.events.map((of: { stream: string }) => of.stream)).toEqual(['public_news'])
  expect((await call('/v1/events/1', { as })).status).toBe(200)
  expect((await call('/v1/events/2', { as })).status).toBe(404)
  expect((await call('/v1/streams/private/events', { as })).status).toBe(404)
  expect((await call('/v1/events/99')).status).toBe(404)
  expect((await call('/v1/events/not-an-id')).status).toBe(404)
})

describe('NDJSON', () => {
  const headers = { accept: 'application/x-ndjson' }

  test('brings every event and ends with how far it went', async () => {
    await fill(2_500)
    const answer = await call('/v1/events', { headers })
    expect(answer.headers.get('content-type')).toContain('application/x-ndjson')
    const frames = await lines(answer)
    expect(frames.length).toBe(2_501)
    expect(frames.at(-1)).toEqual({ type: 'end', position: 2_500, count: 2_500 })
    expect((await lines(await call('/v1/events?limit=3', { headers }))).at(-1)).toMatchObject({ position: 3, count: 3 })
    expect((await lines(await call('/v1/events?type=none', { headers }))).at(-1)).toMatchObject({ position: 2_500 })
    const down = await lines(await call('/v1/events?order=desc', { headers }))
    expect([down[0], down.at(-1)]).toMatchObject([{ event: { position: 2_500 } }, { position: 1, count: 2_500 }])
  })

  test('of 50,000 events takes no more memory than a few chunks, and waits for a slow reader', async () => {
    await fill(50_000, () => ({ data: { text: 'x'.repeat(400) } }))
    const request = get(`${server.url}/v1/events`, { headers: { ...headers, authorization: bearerOf(ADMIN) } })
    const [answer] = await once(request, 'response')
    answer.setEncoding('utf8')
    const before = process.memoryUsage().rss
    let highest = before
    let text = ''
    let count = 0
    for await (const chunk of answer) {
      count += chunk.split('\n').length - 1
      text = (text + chunk).slice(-200)
      highest = Math.max(highest, process.memoryUsage().rss)
      await new Promise(setImmediate)
    }
    expect(count).toBe(50_001)
    expect(text).toContain('{"type":"end","position":50000,"count":50000}')
    expect(highest - before).toBeLessThan(150 * 1024 * 1024)
  })

  test('does not keep the server from ending when nobody reads on', async () => {
    await fill(20_000, () => ({ data: { text: 'x'.repeat(400) } }))
    const request = get(`${server.url}/v1/events`, { headers: { ...headers, authorization: bearerOf(ADMIN) } })
    const [answer] = await once(request, 'response')
    await server.app.close()
    answer.on('error', () => undefined).destroy()
  })

  test('a reader that leaves early costs nothing more', async () => {
    await fill(20_000, () => ({ data: { text: 'x'.repeat(400) } }))
    const request = get(`${server.url}/v1/events`, { headers: { ...headers, authorization: bearerOf(ADMIN) } })
    const [answer] = await once(request, 'response')
    await once(answer, 'data')
    answer.destroy()
    await once(answer, 'close')
    expect((await read('/v1/events?limit=1')).events).toHaveLength(1)
  })
})

describe('a wait', () => {
  test('answers at once with what is there already', async () => {
    await fill(3)
    const answer = await call('/v1/events/wait?after=1&limit=1')
    expect([answer.status, answer.headers.get('lighthouse-position')]).toEqual([200, '2'])
    expect(await jsonOf(answer)).toMatchObject({ events: [{ position: 2 }], position: 2, head: 3 })
  })

  test('answers when a match comes, past what does not match', async () => {
    const waiting = call('/v1/events/wait?type=wanted&after=0&timeout=20')
    await fill(50)
    await append(event({ type: 'wanted' }))
    expect(await (await waiting).json()).toMatchObject({ events: [{ type: 'wanted', position: 51 }], position: 51 })
  })

  test('says where to go on when nothing came', async () => {
    await fill(3)
    const answer = await call('/v1/events/wait?type=wanted&after=0&timeout=0.05')
    expect([answer.status, answer.headers.get('lighthouse-position')]).toEqual([204, '3'])
  })

  test('is over when the server ends', async () => {
    const waiting = call('/v1/events/wait?timeout=50')
    await untilWaiting(1)
    await server.app.close()
    expect((await waiting).status).toBe(204)
  })

  test('is over when the caller is gone', async () => {
    const gone = new AbortController()
    const waiting = call('/v1/events/wait?timeout=50', { signal: gone.signal })
    await untilWaiting(1)
    gone.abort()
    await expect(waiting).rejects.toThrow()
    await untilWaiting(0)
  })

  test.each(['timeout=51', 'timeout=-1', 'before=3', 'cursor=a'])('refuses %s', async query => {
    expect((await call(`/v1/events/wait?${query}`)).status).toBe(400)
  })

  async function untilWaiting(count: number): Promise<void> {
    while (server.store.status().details['waitingReaders'] !== count) await new Promise(setImmediate)
  }
})

describe('a stream', () => {
  const revisions = async (query: string) => {
    const { events, next } = await read(`/v1/streams/odd/events?${query}`)
    return [events.map((of: { revision: number }) => of.revision), next]
  }

  test('is read by revision, up and down, from anywhere', async () => {
    await fill(1_000, n => ({ stream: n % 7 === 3 ? 'odd' : 'clock' }))
    expect(await revisions('limit=3')).toEqual([[0, 1, 2], 3])
    expect(await revisions('from=100&limit=3')).toEqual([[100, 101, 102], 103])
    expect(await revisions('from=141&limit=3')).toEqual([[141, 142], null])
    expect(await revisions('from=143')).toEqual([[], null])
    expect(await revisions('order=desc&limit=2')).toEqual([[142, 141], 140])
    expect(await revisions('order=desc&from=1&limit=9')).toEqual([[1, 0], null])
    expect(await revisions('order=desc&from=70&limit=2')).toEqual([[70, 69], 68])
    for (let from = 0; from <= 142; from += 11)
      expect(await revisions(`from=${from}&limit=1`)).toMatchObject([[from], {}])
  })

  test('that has not changed is not sent again', async () => {
    await append(event({ stream: 'odd' }))
    const answer = await call('/v1/streams/odd/events')
    expect(answer.headers.get('etag')).toBe('"0"')
    const same = await call('/v1/streams/odd/events', { headers: { 'if-none-match': '"0"' } })
    expect([same.status, await same.text()]).toEqual([304, ''])
    await append(event({ stream: 'odd' }))
    expect((await call('/v1/streams/odd/events', { headers: { 'if-none-match': '"0"' } })).status).toBe(200)
  })

  test('has a tag for each form, so that no cache gives one for another', async () => {
    await append(event({ stream: 'odd' }))
    const read = (accept: string, known = '""') =>
      call('/v1/streams/odd/events', { headers: { accept, 'if-none-match': known } })
    const forms = ['application/json', 'application/msgpack', 'application/cloudevents-batch+json']
    const tags = await Promise.all(forms.map(async form => (await read(form)).headers.get('etag') ?? ''))
    expect(tags[0]).toBe('"0"')
    for (const [at, form] of forms.entries()) {
      const answers = await Promise.all(tags.map(tag => read(form, tag)))
      expect(answers.map(({ status }) => status)).toEqual(tags.map((_, other) => (other === at ? 304 : 200)))
      expect(new Set(answers.map(({ headers }) => headers.get('vary')))).toEqual(new Set(['Accept, Origin']))
    }
    const json = { type: 'T', data: {} }
    const appended = await call('/v1/streams/odd/events', { json, headers: { 'if-match': tags[1] as string } })
    expect([appended.status, appended.headers.get('etag')]).toEqual([201, '"1"'])
  })

  test('nobody wrote to is not there, nor is a pattern', async () => {
    await append(event({ stream: 'odd' }))
    expect((await call('/v1/streams/none/events')).status).toBe(404)
    expect((await call('/v1/streams/od*/events')).status).toBe(404)
  })
})
