// CloudEvents over HTTP: in and out again, what is carried along, what is known as a repetition, and what is refused.
import fc from 'fast-check'
import { arbitraryJson } from '../../test/support/arbitrary-json.js'
import { tries } from '../../test/support/effort.js'
import { type Call, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { type NewEvent, type RecordedEvent } from '../contract/event.js'
import { AsyncAppendsModule } from './async-appends.module.js'
import { EventsModule } from './events.module.js'

let server: ServerUnderTest
const ONE = 'application/cloudevents+json'
const MANY = 'application/cloudevents-batch+json'

beforeAll(async () => {
  server = await startServer([EventsModule, AsyncAppendsModule])
})
afterAll(() => server.stop())

let made = 0
const cloudEvent = (parts: object = {}) => ({
  specversion: '1.0',
  id: `A-${made++}`,
  source: '/streams/orders',
  type: 'order.placed',
  data: { n: 1 },
  ...parts,
})

function send(body: unknown, type = ONE, options: Call = {}): Promise<Response> {
  const path = type === MANY ? '/v1/events/batch' : '/v1/events'
  const headers = { 'content-type': type, ...options.headers }
  return server.call(path, { ...options, headers, body: JSON.stringify(body) })
}

async function stored(answer: Response | Promise<Response>) {
  const { id } = await jsonOf(answer)
  return jsonOf(server.call(`/v1/events/${id}`))
}

const readAs = (path: string, accept: string) => server.call(path, { headers: { accept } })

test('one event in structured mode is stored in its stream, with its time and its attributes', async () => {
  const given = cloudEvent({
    time: '2026-01-31T12:00:00Z',
    datacontenttype: 'application/json; charset=UTF-8',
    correlationid: 'c-1',
    causationid: 'cause',
    sessionid: 's-1',
    schemaversion: 3,
    tags: '["a","b"]',
    parents: '["1_0_a"]',
    metadata: '{"tool":"ci"}',
    unset: null,
  })
  const answer = await send(given)
  expect(answer.status).toBe(201)
  expect(await stored(answer)).toMatchObject({
    type: 'order.placed',
    stream: 'orders',
    data: { n: 1 },
    occurredAt: '2026-01-31T12:00:00Z',
    correlationId: 'c-1',
    causationId: 'cause',
    sessionId: 's-1',
    schemaVersion: 3,
    tags: ['a', 'b'],
    parents: ['1_0_a'],
    metadata: { tool: 'ci', cloudevent: { id: given.id } },
  })
})

test('what no field is for is carried in the metadata, and goes out as it came in', async () => {
  const attributes = { subject: 'o-17', dataschema: 'https://example.com/s', partitionkey: 'p', count: 7, late: false }
  const given = cloudEvent({ source: 'https://shop.example/orders', stream: 'orders', ...attributes, position: '9' })
  const event = await stored(send(given))
  const carried = { ...attributes, id: given.id, source: given.source, position: '9' }
  expect(event.metadata.cloudevent).toEqual(carried)
  const out = await jsonOf(readAs(`/v1/events/${event.id}`, ONE))
  expect(out).toMatchObject({ ...attributes, id: event.id, source: '/streams/orders', position: `${event.position}` })
})

test('an event without data has empty data', async () => {
  expect(await stored(send({ ...cloudEvent(), data: undefined }))).toMatchObject({ data: {} })
})

test('a batch is stored whole or not at all', async () => {
  const answer = await send([cloudEvent(), cloudEvent({ source: '/streams/bills' })], MANY)
  expect(answer.status).toBe(201)
  expect((await jsonOf(answer)).events.map((event: { stream: string }) => event.stream)).toEqual(['orders', 'bills'])
  const head = server.store.head()
  const refused = await send([cloudEvent(), cloudEvent({ type: '', tags: '["ok",1]' })], MANY)
  expect(refused.status).toBe(400)
  const pointers = (await jsonOf(refused)).errors.map((error: { pointer: string }) => error.pointer)
  expect(pointers).toEqual(['/1/type', '/1/tags'])
  expect(server.store.head()).toBe(head)
})

test('binary mode: attributes in headers, data in the body', async () => {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': 'B-1',
    'ce-source': '/streams/orders',
    'ce-type': 'order.placed',
    'ce-subject': 'Euro%20%E2%82%AC',
    'ce-schemaversion': '2',
    'ce-tags': '[%22a%22]',
  }
  const answer = await server.call('/v1/events', { json: { n: 5 }, headers })
  expect(await stored(answer)).toMatchObject({
    stream: 'orders',
    data: { n: 5 },
    schemaVersion: 2,
    tags: ['a'],
    metadata: { cloudevent: { id: 'B-1', subject: 'Euro €' } },
  })
  const bad = await jsonOf(server.call('/v1/events', { json: { n: 5 }, headers: { ...headers, 'ce-tags': 'a' } }))
  expect(bad).toMatchObject({ status: 400, errors: [{ pointer: '/ce-tags' }] })
})

test('source and id are the key: sent again it is a repetition, with other content it is refused', async () => {
  const given = cloudEvent()
  const first = await jsonOf(send(given))
  const again = await send(given)
  expect([again.status, await jsonOf(again)]).toEqual([200, { ...first, duplicate: true }])
  expect((await send({ ...given, data: { n: 2 } })).status).toBe(422)
  expect((await send({ ...given, source: '/streams/bills' })).status).toBe(201)
  const named = await send({ ...given, data: { n: 3 } }, ONE, { headers: { 'idempotency-key': `other-${given.id}` } })
  expect(named.status).toBe(201)
  const batch = [cloudEvent(), cloudEvent()]
  await send(batch, MANY)
  expect((await send(batch, MANY)).status).toBe(200)
})

test.each<[string, object, string]>([
  ['another version', { specversion: '0.3' }, '/specversion'],
  ['no id', { id: undefined }, '/id'],
  ['an empty id', { id: '' }, '/id'],
  ['no source', { source: null }, '/source'],
  ['a source that names no stream', { source: 'https://example.com' }, '/source'],
  ['a type that is no type here', { type: 'über' }, '/type'],
  ['a stream that is none', { source: '/streams/a b' }, '/stream'],
  ['data that is no object', { data: 'text' }, '/data'],
  ['null as data', { data: null }, '/data'],
  ['data that is not JSON', { datacontenttype: 'application/xml', data: '<a/>' }, '/datacontenttype'],
  ['binary data', { data: undefined, data_base64: 'AAAA' }, '/data_base64'],
  ['a name in capitals', { correlationId: 'c' }, '/correlationId'],
  ['a list as an attribute', { tags: ['a'] }, '/tags'],
  ['an integer of more than 32 bits', { foo: 2 ** 31 }, '/foo'],
  ['a control character', { subject: 'a\nb' }, '/subject'],
  ['tags that are no JSON', { tags: 'a,b' }, '/tags'],
  ['two values in one text', { tags: '[],[]' }, '/tags'],
  ['metadata that is no object', { metadata: '[]' }, '/metadata'],
  ['metadata with a key twice', { metadata: '{"a":1,"a":2}' }, '/metadata'],
  ['metadata whose place for attributes is taken', { metadata: '{"cloudevent":1}', subject: 'x' }, '/metadata'],
  ['no time', { time: 'yesterday' }, '/time'],
  ['no schema version', { schemaversion: 'two' }, '/schemaversion'],
  ['a condition', { expectedrevision: 4 }, '/expectedrevision'],
  ['a fault inside the data', { data: { a: [1, '\ud800'] } }, '/data/a/1'],
])('%s is refused, and told where', async (_, parts, pointer) => {
  const problem = await jsonOf(send(cloudEvent(parts)))
  expect([problem.status, problem.errors[0].pointer]).toEqual([400, pointer])
})

test('a service stream and a stream beyond the token are refused', async () => {
  expect((await send(cloudEvent({ source: '/streams/$security' }))).status).toBe(403)
  expect((await send(cloudEvent(), ONE, { as: { agentId: 'x', role: 'agent' } })).status).toBe(403)
})

test.each([
  ['a batch where one is taken', '/v1/events', MANY, []],
  ['one where a batch is taken', '/v1/events/batch', ONE, {}],
  ['another format', '/v1/events', 'application/cloudevents+avro', {}],
  ['another charset', '/v1/events', `${ONE}; charset=latin1`, {}],
  ['a route that takes none', '/v1/events/async', ONE, {}],
  ['a stream', '/v1/streams/orders/events', ONE, {}],
])('%s is 415', async (_, path, type, json) => {
  const headers = { 'content-type': type }
  const answer = await server.call(path, { headers, body: JSON.stringify(json) })
  expect([answer.status, (await jsonOf(answer)).code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
})

test('binary mode with MessagePack as its data is 415', async () => {
  const headers = { 'content-type': 'application/msgpack', 'ce-specversion': '1.0' }
  expect((await server.call('/v1/events', { headers, body: new Uint8Array([0x80]) })).status).toBe(415)
})

test('pages are arrays; where the next one is, the Link says', async () => {
  await send([cloudEvent({ source: '/streams/paged' }), cloudEvent({ source: '/streams/paged' })], MANY)
  for (const path of ['/v1/events?stream=paged&limit=1', '/v1/streams/paged/events?limit=1']) {
    const first = await readAs(path, MANY)
    expect(first.headers.get('content-type')).toBe(`${MANY}; charset=utf-8`)
    expect(first.headers.get('vary')).toBe('Accept, Origin')
    const next = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const second = await readAs(next, MANY)
    expect(second.headers.get('link')).toBeNull()
    const revisions = [...(await jsonOf(first)), ...(await jsonOf(second))].map(event => event.revision)
    expect(revisions).toEqual(['0', '1'])
  }
  expect(await jsonOf(readAs('/v1/events?stream=nobody', MANY))).toEqual([])
})

test('one event is no batch, and a page is no event: 406', async () => {
  const { id } = await jsonOf(send(cloudEvent()))
  const one = await readAs(`/v1/events/${id}`, ONE)
  expect([one.status, one.headers.get('content-type')]).toEqual([200, `${ONE}; charset=utf-8`])
  expect((await readAs(`/v1/events/${id}`, MANY)).status).toBe(406)
  expect((await readAs('/v1/events', ONE)).status).toBe(406)
  expect((await readAs('/v1/streams/orders/events', ONE)).status).toBe(406)
  expect((await readAs('/v1/events/wait', MANY)).status).toBe(406)
})

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter(of => of.isWellFormed())
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const carried = fc.dictionary(
  fc.constantFrom('subject', 'id', 'source', 'foo', 'position', 'tags', 'Odd', '__proto__', 'data'),
  fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)),
)
const anEvent: fc.Arbitrary<NewEvent> = fc.record(
  {
    type: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.:-]{0,20}$/),
    stream: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,40}$/),
    data: arbitraryJson,
    metadata: optional(
      fc.oneof(
        arbitraryJson,
        carried.map(cloudevent => ({ a: 1, cloudevent })),
      ),
    ),
    tags: optional(fc.array(text, { maxLength: 5 })),
    schemaVersion: optional(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
    correlationId: optional(text),
    causationId: optional(text),
    sessionId: optional(text),
    parents: optional(fc.array(fc.constantFrom('1_0_a', '2_7_b'), { maxLength: 3 })),
    occurredAt: optional(fc.constantFrom('2026-01-31T12:00:00Z', '1999-12-31T23:59:59.123456789+01:00')),
  },
  { requiredKeys: ['type', 'stream', 'data'] },
) as fc.Arbitrary<NewEvent>

/** What a client chose. */
function chosen(event: RecordedEvent) {
  const { id, position, revision, timestamp, agentId, onBehalfOf, traceparent, checksum, ...rest } = event
  return rest
}

test('out and in again, as one and in a batch, keeps everything that the service does not assign', async () => {
  await fc.assert(
    fc.asyncProperty(anEvent, async event => {
      const first = await server.store.append({ events: [event], author: { agentId: 'a\u0085', correlationId: 'r' } })
      const id = first.events[0]?.id
      const before = await jsonOf(server.call(`/v1/events/${id}`))
      const out = await jsonOf(readAs(`/v1/events/${id}`, ONE))
      const page = `/v1/events?after=${first.firstPosition - 1}&before=${first.firstPosition + 1}`
      expect(await jsonOf(readAs(page, MANY))).toEqual([out])
      expect(chosen(await stored(send(out)))).toEqual(chosen(before))
      const [place] = (await jsonOf(send([out], MANY, { headers: { 'idempotency-key': `batch ${id}` } }))).events
      expect(chosen(await jsonOf(server.call(`/v1/events/${place.id}`)))).toEqual(chosen(before))
    }),
    { numRuns: tries(150, 50) },
  )
})
