// Bodies over Fastify: which kinds are read, which are refused, and what the routes then have in their hands.
import fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import { PackedMap } from '../record/codec/scan.js'
import { encodeMessagePack } from '../record/codec/writer.js'
import { appendBody, JsonAppendBody, PackedBody, plainBody, registerBodyParsers } from './body.js'

let server: FastifyInstance
let received: unknown

beforeEach(() => {
  received = 'nothing'
  server = fastify({ bodyLimit: 1_000 })
  registerBodyParsers(server)
  server.setErrorHandler<Error & { code: string; statusCode?: number }>((error, _request, reply) => {
    void reply.status(error.statusCode ?? 400).send({ code: error.code, detail: error.message })
  })
  const keep = (request: { body: unknown }) => {
    received = request.body
    return {}
  }
  server.post('/', keep)
  server.post('/appends', { config: { takesAppend: true } }, keep)
  server.get('/', keep)
})

afterEach(() => server.close())

async function send(
  payload: string | Buffer,
  headers: Record<string, string>,
  method: InjectOptions['method'] = 'POST',
) {
  const answer = await server.inject({ method: method as 'POST', url: '/', payload, headers })
  return answer.statusCode === 200 ? 'taken' : (answer.json() as { code: string }).code
}

test.each([
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset="UTF-8"',
  'Application/JSON',
])('JSON as %s is read', async type => {
  expect(await send('{"a":[1],"__proto__":{"b":1}}', { 'content-type': type })).toBe('taken')
  expect(JSON.stringify(received)).toBe('{"a":[1],"__proto__":{"b":1}}')
})

test.each(['application/msgpack', 'application/x-msgpack', 'application/vnd.msgpack', 'application/msgpack; v=5'])(
  '%s stays bytes',
  async type => {
    const bytes = encodeMessagePack({ data: { a: 1 }, type: 't' })
    expect(await send(bytes, { 'content-type': type })).toBe('taken')
    expect(received).toBeInstanceOf(PackedBody)
    expect(plainBody(received)).toEqual({ data: { a: 1 }, type: 't' })
    expect(appendBody(received)).toEqual({ data: PackedMap.checked(encodeMessagePack({ a: 1 })), type: 't' })
  },
)

test('payloads in JSON are packed where a route takes appends, and a CloudEvent in headers is none', async () => {
  const payload = '{"type":"t","data":{"a":1}}'
  const json = { 'content-type': 'application/json' }
  await server.inject({ method: 'POST', url: '/appends', payload, headers: json })
  expect(received).toBeInstanceOf(JsonAppendBody)
  expect((received as JsonAppendBody).length).toBe(payload.length)
  expect(appendBody(received)).toEqual({ type: 't', data: PackedMap.checked(encodeMessagePack({ a: 1 })) })
  expect(plainBody(received)).toEqual(appendBody(received))
  await server.inject({ method: 'POST', url: '/appends', payload, headers: { ...json, 'ce-specversion': '1.0' } })
  expect(received).toEqual({ type: 't', data: { a: 1 } })
  await server.inject({ method: 'POST', url: '/appends', payload: '', headers: json })
  expect(received).toBeUndefined()
})

test('a plain body is what it is for every reader', () => {
  const body = { data: { a: 1 } }
  expect(plainBody(body)).toBe(body)
  expect(appendBody(body)).toBe(body)
})

test.each<[string, string | Buffer, Record<string, string>, string]>([
  ['a form', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 'UNSUPPORTED_MEDIA_TYPE'],
  ['plain text', '{}', { 'content-type': 'text/plain' }, 'UNSUPPORTED_MEDIA_TYPE'],
  ['JSON of another kind', '{}', { 'content-type': 'application/vnd.api+json' }, 'UNSUPPORTED_MEDIA_TYPE'],
  ['a type that only begins so', '{}', { 'content-type': 'application/jsonp' }, 'UNSUPPORTED_MEDIA_TYPE'],
  ['JSON in another charset', '{}', { 'content-type': 'application/json; charset=latin1' }, 'UNSUPPORTED_MEDIA_TYPE'],
  [
    'compressed JSON',
    '{}',
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  ['half of a JSON', '{"a"', { 'content-type': 'application/json' }, 'MALFORMED_BODY'],
  ['too much JSON', `"${'x'.repeat(1_000)}"`, { 'content-type': 'application/json' }, 'FST_ERR_CTP_BODY_TOO_LARGE'],
  [
    'too much MessagePack',
    Buffer.alloc(1_001),
    { 'content-type': 'application/msgpack' },
    'FST_ERR_CTP_BODY_TOO_LARGE',
  ],
])('%s is refused', async (_, payload, headers, code) => {
  expect(await send(payload, headers)).toBe(code)
  expect(received).toBe('nothing')
})

test('who has sent JSON as a form is told how that came about, and what to send once', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const { detail } = (await server.inject({ method: 'POST', url: '/', payload: '{}', headers })).json()
  expect(detail).toContain('which curl sends with -d unless -H "content-type: …" is given')
  expect(detail.match(/not compressed/g) ?? []).toEqual([])
})

test('a body without a type is refused, and no body needs none', async () => {
  expect(await send('{}', { 'content-type': '' })).not.toBe('taken')
  expect((await server.inject({ method: 'POST', url: '/' })).statusCode).toBe(200)
  expect(received).toBeUndefined()
})

test.each(['application/json', 'application/msgpack'])(
  'a body of no bytes is none, although it is called %s',
  async type => {
    expect(await send('', { 'content-type': type })).toBe('taken')
    expect(received).toBeUndefined()
    expect([plainBody(received), appendBody(received)]).toEqual([{}, undefined])
  },
)

test('the body of a GET is never read', async () => {
  expect(await send('{"a":', { 'content-type': 'application/json' }, 'GET')).toBe('taken')
  expect(received).toBeUndefined()
})
