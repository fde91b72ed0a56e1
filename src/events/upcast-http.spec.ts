// Events of older versions, shown as the newest to whoever asks: in every form of a read, and stored as they were.
import fs from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { EventSourceReader } from '../../test/support/event-source-reader.js'
import {
  ADMIN,
  agent,
  bearerOf,
  type Call,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import type { NewEvent } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { ReplayModule } from '../replay/replay.module.js'
import { EventStream } from '../streaming/event-stream.js'
import { UpcastView } from '../streaming/upcast-view.service.js'
import { decodeMessagePack } from '../wire/message-pack.js'
import { EventsModule } from './events.module.js'

let server: ServerUnderTest
const readers: EventSourceReader[] = []
const start = async (directory?: string) => {
  server = await startServer([ReplayModule, EventsModule], directory === undefined ? {} : { dataDir: directory })
}

beforeEach(() => start())
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await server.stop()
})

// biome-ignore lint/suspicious/noExplicitAny: a test looks into what was answered.
type Shown = any

const call = (route: string, options?: Call) => server.call(route, options)
const read = (route: string, options?: Call) => jsonOf(call(route, options))
const author = { agentId: 'writer' }
const opened = (data: NewEvent['data'], schemaVersion = 1, more: Partial<NewEvent> = {}): NewEvent => {
  return { type: 'task.opened', stream: 'tasks', data, schemaVersion, ...more }
}
const append = (...events: NewEvent[]) => server.store.append({ events, author })
const define = (steps: unknown, type = 'task.opened') =>
  call(`/v1/upcasters/${type}`, { method: 'PUT', json: { steps } })

const TO_2 = { from: 1, to: 2, ops: [{ op: 'rename', path: '/owner', to: 'agent' }] }
const TO_3 = {
  from: 2,
  to: 3,
  ops: [
    { op: 'move', from: '/agent', to: '/by/agent' },
    { op: 'default', path: '/priority', value: 3 },
  ],
}

/** One event of each version there has been, one of a version to come, and one of a type nobody registered. */
const HISTORY: readonly NewEvent[] = [
  opened({ owner: 'ada', x: [1] }, 1, { metadata: { m: 1 }, tags: ['t'] }),
  opened({ agent: 'bob', owner: 'kept' }, 2),
  opened({ by: { agent: 'cyd' }, priority: 1 }, 3),
  opened({ owner: 'of a version to come' }, 9),
  opened({ owner: 'of another type' }, 1, { type: 'task.closed' }),
]
const NEWEST = [
  [3, { x: [1], by: { agent: 'ada' }, priority: 3 }],
  [3, { owner: 'kept', by: { agent: 'bob' }, priority: 3 }],
  [3, { by: { agent: 'cyd' }, priority: 1 }],
  [9, { owner: 'of a version to come' }],
  [1, { owner: 'of another type' }],
]
const shownIn = (events: readonly Shown[]) => events.map(({ schemaVersion, data }) => [schemaVersion, data])
const allBut = (events: readonly Shown[]) => events.map(({ schemaVersion: _, data: __, ...rest }) => rest)

async function begin(): Promise<readonly Shown[]> {
  await append(...HISTORY)
  await define([TO_2, TO_3])
  return (await read('/v1/events?stream=tasks')).events
}

const linesOf = async (route: string) => {
  const answer = await call(route, { headers: { accept: 'application/x-ndjson' } })
  return (await answer.text())
    .trimEnd()
    .split('\n')
    .map((line): Shown => JSON.parse(line))
}

async function follow(query: string, headers: Record<string, string> = {}): Promise<EventSourceReader> {
  const reader = await EventSourceReader.open(`${server.url}/v1/events?${query}`, {
    authorization: bearerOf(ADMIN),
    ...headers,
  })
  readers.push(reader)
  return reader
}

describe('with upcast=latest', () => {
  test('a page shows the newest versions, and all else, the checksum included, as it is stored', async () => {
    const stored = await begin()
    const { events, head, next } = await read('/v1/events?stream=tasks&upcast=latest')
    expect(shownIn(events)).toEqual(NEWEST)
    expect(allBut(events)).toEqual(allBut(stored))
    expect(events.slice(2)).toEqual(stored.slice(2))
    expect([head, next]).toEqual([6, null])
    expect(Object.keys(events[0])).toEqual(Object.keys(stored[0]))
    expect((await read('/v1/events?stream=tasks')).events).toEqual(stored)
  })

  test('MessagePack holds the same as JSON, in pages, of one event, and in streams', async () => {
    await begin()
    for (const route of ['/v1/events', '/v1/events/1', '/v1/streams/tasks/events', '/v1/events/wait?after=0']) {
      const asked = `${route}${route.includes('?') ? '&' : '?'}upcast=latest`
      const packed = await call(asked, { headers: { accept: 'application/msgpack' } })
      expect(packed.headers.get('content-type')).toBe('application/msgpack')
      expect(decodeMessagePack(Buffer.from(await packed.arrayBuffer()))).toEqual(await read(asked))
    }
  })

  test('lines show them, and end where lines of what is stored do', async () => {
    await begin()
    const shown = await linesOf('/v1/events?upcast=latest&type=task.*')
    expect(shownIn(shown.slice(0, -1).map(({ event }) => event))).toEqual(NEWEST)
    expect(shown.at(-1)).toEqual((await linesOf('/v1/events?type=task.*')).at(-1))
  })

  test('one event is shown, by id and by position, and as a CloudEvent', async () => {
    const [stored] = await begin()
    for (const key of [stored.id, '1']) {
      const shown = await read(`/v1/events/${key}?upcast=latest`)
      expect(shown).toEqual({ ...stored, schemaVersion: 3, data: NEWEST[0]?.[1] })
    }
    const headers = { accept: 'application/cloudevents+json' }
    expect(await read('/v1/events/1?upcast=latest', { headers })).toMatchObject({
      schemaversion: '3',
      checksum: stored.checksum,
      data: { by: { agent: 'ada' } },
    })
    expect((await read('/v1/events/99?upcast=latest')).code).toBe('NOT_FOUND')
  })

  test('a wait answers with them, also with what comes while it waits', async () => {
    await begin()
    const { events, position } = await read('/v1/events/wait?after=0&stream=tasks&upcast=latest')
    expect([shownIn(events), position]).toEqual([NEWEST, 6])
    const waiting = call('/v1/events/wait?after=6&timeout=50&upcast=latest')
    await append(opened({ owner: 'dan' }))
    const answer = await waiting
    expect(answer.headers.get('lighthouse-position')).toBe('7')
    expect(shownIn((await jsonOf(answer)).events)).toEqual([[3, { by: { agent: 'dan' }, priority: 3 }]])
  })

  test('a stream is read by revision in either order, without a tag that would outlive the upcasters', async () => {
    await begin()
    const route = '/v1/streams/tasks/events?upcast=latest'
    const answer = await call(`${route}&limit=2`)
    expect(answer.headers.get('etag')).toBeNull()
    expect(answer.headers.get('link')).toContain('upcast=latest')
    const { events, next, revision } = await jsonOf(answer)
    expect([shownIn(events), next, revision]).toEqual([NEWEST.slice(0, 2), 2, 4])
    expect(shownIn((await read(`${route}&order=desc`)).events)).toEqual(NEWEST.toReversed())
    const again = await call(route, { headers: { 'if-none-match': '"4"' } })
    expect(again.status).toBe(200)
    await again.body?.cancel()
  })

  test('server-sent events show them, from the log and as they come, beside readers of what is stored', async () => {
    await begin()
    const [shown, plain] = [await follow('stream=tasks&upcast=latest'), await follow('stream=tasks')]
    for (const reader of [shown, plain]) await reader.until('caughtUp')
    await append(opened({ owner: 'dan' }), opened({ owner: 'eve' }, 9))
    const dataOf = async (reader: EventSourceReader) =>
      (await reader.all('event', 7)).map(({ frame }) => (frame as Shown).event)
    const events = await dataOf(shown)
    expect(shownIn(events)).toEqual([...NEWEST, [3, { by: { agent: 'dan' }, priority: 3 }], [9, { owner: 'eve' }]])
    const stored = await dataOf(plain)
    expect(stored).toEqual((await read('/v1/events?stream=tasks')).events)
    expect(allBut(events)).toEqual(allBut(stored))
  })

  test('server-sent events end when upcasters change, and go on by the new ones behind the same position', async () => {
    await append(...HISTORY)
    await define([TO_2])
    const [shown, plain] = [await follow('stream=tasks&upcast=latest'), await follow('stream=tasks')]
    for (const reader of [shown, plain]) await reader.until('caughtUp')
    const dataOf = async (reader: EventSourceReader, count: number) =>
      (await reader.all('event', count)).map(({ id, frame }) => [id, (frame as Shown).event.data])
    expect((await dataOf(shown, 5))[0]).toEqual(['1', { x: [1], agent: 'ada' }])
    await define([TO_2, TO_3])
    await shown.until('goaway')
    await append(opened({ owner: 'dan' }))
    const again = await follow('stream=tasks&upcast=latest', { 'last-event-id': '5' })
    expect(await dataOf(again, 1)).toEqual([['8', { by: { agent: 'dan' }, priority: 3 }]])
    expect(await plain.all('event', 6)).toHaveLength(6)
  })
})

test('a stream that is opened while upcasters change says so at once', async () => {
  await append(...HISTORY)
  const views = server.app.get(UpcastView, { strict: false })
  const opening = views.ofStream('latest', async show => {
    await define([TO_2])
    return new EventStream(() => ({}), show)
  })
  expect(await text(await opening)).toMatch(/^: following\n\nevent: goaway\ndata: .*upcasters have changed.*\n\n$/)
})

describe('which events come', () => {
  test('is decided by what is stored: pages by cursor are those of the same read without it', async () => {
    await append(...Array.from({ length: 250 }, (_, n) => opened({ owner: n }, 1 + (n % 3), { tags: [`t${n % 2}`] })))
    await define([TO_2, TO_3])
    for (const order of ['asc', 'desc']) {
      const walk = async (more: string) => {
        const pages: Shown[] = []
        let route: string | undefined = `/v1/events?tag=t1&order=${order}&limit=40${more}`
        while (route !== undefined) {
          const answer: Response = await call(route)
          route = /<([^>]*)>/.exec(answer.headers.get('link') ?? '')?.[1]
          pages.push((await jsonOf(answer)).events)
        }
        return pages
      }
      const [shown, stored] = [await walk('&upcast=latest'), await walk('')]
      expect(shown.map(allBut)).toEqual(stored.map(allBut))
      expect(shown.flat()).toHaveLength(125)
      expect(new Set(shown.flat().map(({ schemaVersion }: Shown) => schemaVersion))).toEqual(new Set([3]))
    }
    const { next } = await read('/v1/events?limit=100')
    const { events } = await read(`/v1/events?limit=100&cursor=${next}&upcast=latest`)
    expect([events[0].position, events[0].schemaVersion]).toEqual([101, 3])
  })

  test('and a page holds so much as it shows, not so much as is stored', async () => {
    await append(...Array.from({ length: 300 }, () => opened({})))
    await define([{ from: 1, to: 2, ops: [{ op: 'default', path: '/text', value: 'x'.repeat(60_000) }] }])
    const page = await read('/v1/events?stream=tasks&limit=1000&upcast=latest')
    expect([page.events.length > 100, page.events.length < 150, page.next !== null]).toEqual([true, true, true])
    expect((await read('/v1/events?stream=tasks&limit=1000')).events).toHaveLength(300)
  })

  test('is no more than the token may read', async () => {
    await append(opened({ owner: 'ada' }), opened({ owner: 'bob' }, 1, { stream: 'public_tasks' }))
    await define([TO_2, TO_3])
    const as = agent('guest-1', 'guest')
    const { events } = await read('/v1/events?upcast=latest', { as })
    // The definitions lie in a stream that a guest may not read, and are in force for it all the same.
    expect(shownIn(events)).toEqual([[3, { by: { agent: 'bob' }, priority: 3 }]])
    for (const hidden of ['/v1/events/1', '/v1/streams/tasks/events']) {
      expect((await call(`${hidden}?upcast=latest`, { as })).status).toBe(404)
    }
    const nobody = agent('nobody', 'agent', { 'events.write': ['all'] })
    for (const route of ['/v1/events', '/v1/events/1', '/v1/events/wait', '/v1/streams/tasks/events']) {
      expect((await call(`${route}?upcast=latest`, { as: nobody })).status).toBe(403)
    }
  })
})

const ROUTES = ['/v1/events', '/v1/events/1', '/v1/events/wait', '/v1/streams/tasks/events']

describe('what cannot be', () => {
  test.each(ROUTES)('another value at %s is refused, in every form', async route => {
    await append(...HISTORY)
    const forms = route === '/v1/events' ? ['json', 'msgpack', 'x-ndjson'] : ['json', 'msgpack']
    const accepted = forms.map(form => `application/${form}`).concat(route === '/v1/events' ? 'text/event-stream' : [])
    for (const accept of accepted) {
      for (const value of ['2', '', 'LATEST', 'none', 'latest&upcast=latest']) {
        const answer = await call(`${route}?upcast=${value}`, { headers: { accept } })
        expect(answer.status).toBe(400)
        const problem = answer.headers.get('content-type')?.includes('msgpack')
          ? decodeMessagePack(Buffer.from(await answer.arrayBuffer()))
          : await answer.json()
        expect(problem).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ pointer: '/upcast' }] })
      }
    }
  })

  test('one event takes no other parameter', async () => {
    await append(...HISTORY)
    expect(await read('/v1/events/1?upcsat=latest')).toMatchObject({ status: 400, errors: [{ pointer: '/upcsat' }] })
  })
})

test('where an upcaster may be missing, nothing is shown by what is left, and what is stored can be read', async () => {
  await server.stop()
  const directory = makeTempDirectory()
  try {
    await start(directory)
    await append(opened({ owner: 'ada' }))
    await define([{ from: 1, to: 2, ops: [{ op: 'default', path: '/said', value: 'MARK-OF-THE-DAMAGED' }] }])
    await server.stop()
    damage(directory, 'MARK-OF-THE-DAMAGED')
    await start(directory)
    const routes = ['/v1/events?before=2', '/v1/events/1', '/v1/events/wait?after=0&limit=1']
    for (const route of [...routes, '/v1/streams/tasks/events']) {
      const asked = `${route}${route.includes('?') ? '&' : '?'}upcast=latest`
      const problem = { code: 'DATA_CORRUPT', detail: expect.stringContaining('$schemas') }
      expect(await read(asked)).toMatchObject(problem)
    }
    for (const accept of ['application/x-ndjson', 'text/event-stream']) {
      const answer = await read('/v1/events?upcast=latest', { headers: { accept } })
      expect(answer).toMatchObject({ code: 'DATA_CORRUPT', detail: expect.stringContaining('$schemas') })
    }
    expect((await read('/v1/events?before=2')).events).toMatchObject([{ schemaVersion: 1, data: { owner: 'ada' } }])
    expect((await read('/v1/events/1')).data).toEqual({ owner: 'ada' })
  } finally {
    await server.stop()
    removeTempDirectory(directory)
    await start()
  }
})

/** What was stored with this text cannot be read any more. */
function damage(directory: string, said: string): void {
  const segments = path.join(directory, 'segments')
  for (const name of fs.readdirSync(segments).filter(file => file.endsWith('.log'))) {
    const bytes = fs.readFileSync(path.join(segments, name))
    const at = bytes.indexOf(said)
    if (at >= 0) fs.writeFileSync(path.join(segments, name), bytes.fill('?', at, at + 4))
  }
}

test('without it, nobody asks for upcasters', async () => {
  await append(...HISTORY)
  const store = server.app.get(EventStore, { strict: false })
  const asked: unknown[] = []
  const { read: reading } = store
  store.read = request => {
    asked.push(request.filter?.streams)
    return reading.call(store, request)
  }
  for (const route of ['/v1/events', '/v1/events/1', '/v1/events/wait?after=0', '/v1/streams/tasks/events']) {
    await read(route)
  }
  await linesOf('/v1/events')
  await (await follow('stream=tasks')).until('caughtUp')
  expect(asked.length).toBeGreaterThan(3)
  expect(asked.flat()).not.toContain('$schemas')
  await read('/v1/events?upcast=latest')
  expect(asked.flat()).toContain('$schemas')
})
