// Ways in which a request can be wrong, each with what makes a fresh one: the canary is a secret that may come back nowhere.
import type { Random } from '../support/random.js'

export const CANARY = 'canary-7f3a9c1e5b'

export interface Rude {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Sent without a token. */
  readonly stranger?: boolean
}

type Make = (random: Random) => Rude

const JSON_TYPE = { 'content-type': 'application/json' }
const PACK_TYPE = { 'content-type': 'application/msgpack' }

const post = (body: string | Uint8Array, path = '/v1/events', headers: Record<string, string> = JSON_TYPE): Rude => ({
  method: 'POST',
  path,
  headers,
  body,
})
const event = (fields: object) => JSON.stringify({ type: 'T', stream: 'load', data: { secret: CANARY }, ...fields })
const appending =
  (fields: object): Make =>
  () =>
    post(event(fields))
const reading =
  (query: string): Make =>
  () => ({ path: `/v1/events?${query}` })
const batch =
  (fields: object): Make =>
  () =>
    post(JSON.stringify(fields), '/v1/events/batch')
const querying =
  (where: unknown): Make =>
  () =>
    post(JSON.stringify({ where }), '/v1/events/query')

/** Each is answered with 4xx and a problem. */
export const REFUSED: Readonly<Record<string, Make>> = {
  'no body': () => ({ method: 'POST', path: '/v1/events', headers: JSON_TYPE }),
  'an empty body': () => post(''),
  'half of a JSON object': random => post(event({}).slice(0, 5 + random.below(30))),
  'random bytes as JSON': random => post(random.bytes(1 + random.below(200))),
  'text that is not JSON': random => post(`${CANARY} ${random.bytes(20).toString()}`),
  'JSON that is no object': random => post(['[]', '1', 'null', '"a"', 'true'][random.below(5)] as string),
  'deep arrays': random => post('['.repeat(100 + random.below(10_000))),
  'deep objects': random => post('{"a":'.repeat(100 + random.below(5_000))),
  'a legal body too deep': () => post(event({ data: { a: JSON.parse(`${'['.repeat(80)}${']'.repeat(80)}`) } })),
  'invalid UTF-8': () => post(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)),
  'half a surrogate pair': () => post('{"type":"T","stream":"load","data":{"a":"\\ud800"}}'),
  'an integer beyond a double': () => post('{"type":"T","stream":"load","data":{"n":9007199254740993}}'),
  'a number beyond a double': () => post('{"type":"T","stream":"load","data":{"n":1e999}}'),
  'an unknown field': appending({ colour: CANARY }),
  'a forged id': appending({ id: '1_0_a' }),
  'a forged agent': appending({ agentId: 'admin' }),
  'no type': appending({ type: undefined }),
  'a type that starts with a digit': appending({ type: '1a' }),
  'a type that is no text': appending({ type: { a: 1 } }),
  'a type too long': appending({ type: 'a'.repeat(129) }),
  'no stream': appending({ stream: undefined }),
  'a stream with blanks': appending({ stream: 'a b' }),
  'a stream that climbs': appending({ stream: '../../etc/passwd' }),
  'a stream with a null byte': appending({ stream: 'a\0b' }),
  'a stream of the service': appending({ stream: '$security' }),
  'data that is a list': appending({ data: [1, 2] }),
  'data that is a text': appending({ data: CANARY }),
  'no data': appending({ data: undefined }),
  'metadata too large': appending({ metadata: { a: 'x'.repeat(70_000) } }),
  'too many tags': appending({ tags: Array(33).fill('a') }),
  'tags that are no texts': appending({ tags: [1, {}] }),
  'a schema version of zero': appending({ schemaVersion: 0 }),
  'a time that is none': appending({ occurredAt: 'yesterday' }),
  'a parent that is no id': appending({ parents: ['x'] }),
  'an expected revision below zero': appending({ expectedRevision: -1 }),
  'an expected revision of words': appending({ expectedRevision: 'latest' }),
  'a condition without items': appending({ condition: { failIfEventsMatch: { items: [] } } }),
  'a condition with a glob': appending({ condition: { failIfEventsMatch: { items: [{ types: ['*'] }] } } }),
  'an event too large': random => post(event({ data: { a: 'x'.repeat(1_100_000 + random.below(10)) } })),
  'an empty batch': batch({ events: [] }),
  'a batch that is none': batch({ events: CANARY }),
  'a batch of nulls': batch({ events: [null] }),
  'a batch too long': batch({ events: Array(1_001).fill({ type: 'T', stream: 'load', data: {} }) }),
  'a wrong media type': () => post(event({}), '/v1/events', { 'content-type': 'text/plain' }),
  'a media type that is none': () => post(event({}), '/v1/events', { 'content-type': CANARY }),
  'a compressed body': () => post(event({}), '/v1/events', { ...JSON_TYPE, 'content-encoding': 'gzip' }),
  'random bytes as MessagePack': random => post(random.bytes(1 + random.below(200)), '/v1/events', PACK_TYPE),
  'a MessagePack list that promises much': () =>
    post(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff), '/v1/events', PACK_TYPE),
  'a MessagePack extension': () => post(Uint8Array.of(0x81, 0xa1, 0x61, 0xd4, 0x01, 0x02), '/v1/events', PACK_TYPE),
  'deep MessagePack': () => post(new Uint8Array(20_000).fill(0x91), '/v1/events', PACK_TYPE),
  'a bad idempotency key': () => post(event({}), '/v1/events', { ...JSON_TYPE, 'idempotency-key': 'k'.repeat(300) }),
  'an unknown parameter': reading(`colour=${CANARY}`),
  'a limit of zero': reading('limit=0'),
  'a limit beyond all limits': reading('limit=10001'),
  'a limit of words': reading('limit=many'),
  'an order that is none': reading('order=random'),
  'a position that is none': reading('after=-1'),
  'a time that cannot be': reading('since=2026-13-45T99:00:00Z'),
  'a stream pattern of blanks': reading('stream=a%20b'),
  'a broken cursor': random => ({ path: `/v1/events?cursor=${Buffer.from(random.bytes(20)).toString('base64url')}` }),
  'prototype words as parameters': reading('__proto__[a]=1&constructor=2'),
  'a path that cannot be decoded': () => ({ path: '/v1/events/%E0%A4%A' }),
  'an id that is none': () => ({ path: '/v1/events/nonsense' }),
  'an unknown route': random => ({ path: `/v1/${random.below(1e9)}` }),
  'a wrong method': () => ({ method: 'DELETE', path: '/v1/events' }),
  'a query without where it matters': querying({ field: 'data.a', op: 'matches', value: '.*' }),
  'a query of prototypes': querying({ field: 7, op: 'eq' }),
  'a query too deep': querying(JSON.parse(`${'{"not":'.repeat(70)}{"field":"type","op":"exists"}${'}'.repeat(70)}`)),
  'a wait too long': () => ({ path: '/v1/events/wait?timeout=51' }),
  'an If-Match that is none': () =>
    post(event({ stream: undefined }), '/v1/streams/load/events', { ...JSON_TYPE, 'if-match': 'latest' }),
  'an operation nobody started': () => ({ path: '/v1/operations/none' }),
  'no token': () => ({ path: '/v1/events', stranger: true }),
  'a token that is none': () => ({
    path: '/v1/events',
    stranger: true,
    headers: { authorization: `Bearer ${CANARY}` },
  }),
  'a token of another kind': () => ({
    path: '/v1/events',
    stranger: true,
    headers: { authorization: `Basic ${CANARY}` },
  }),
  'a large body of a stranger': () => ({ ...post(event({ data: { a: 'x'.repeat(500_000) } })), stranger: true }),
  'nothing it could accept': () => ({ path: '/v1/events', headers: { accept: 'image/png' } }),
}
