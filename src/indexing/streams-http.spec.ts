// Streams over HTTP: their names, their heads, and those that do not exist for a caller.
import { agent, jsonOf, useServer } from '../../test/support/http-server-under-test.js'
import { IndexModule } from './indexing.module.js'

const server = useServer(IndexModule)
const as = agent('reader', 'agent', { 'events.read': ['a*', 'b'] })
const read = (path: string, who = as) => jsonOf(server.call(path, { as: who }))
const names = ({ streams }: { streams: { stream: string }[] }) => streams.map(({ stream }) => stream)

beforeAll(async () => {
  const streams = ['b', 'a1', 'c', 'a2', 'a1', 'a/3']
  const events = streams.map(stream => ({ type: 'Noted', stream, data: {} }))
  await server.store.append({ events, author: { agentId: 'writer' } })
})

test('streams are listed by name, each with its head', async () => {
  expect(await read('/v1/streams')).toEqual({
    streams: [
      { stream: 'a/3', revision: 0, lastPosition: 6 },
      { stream: 'a1', revision: 1, lastPosition: 5 },
      { stream: 'a2', revision: 0, lastPosition: 4 },
      { stream: 'b', revision: 0, lastPosition: 1 },
    ],
    next: null,
  })
  expect(names(await read('/v1/streams?match=c&match=a*&limit=10000'))).toEqual(['a/3', 'a1', 'a2'])
})

test('pages go on after a name', async () => {
  const first = await read('/v1/streams?limit=3')
  expect([names(first), first.next]).toEqual([['a/3', 'a1', 'a2'], 'a2'])
  expect(await read('/v1/streams?limit=3&after=a2')).toMatchObject({ streams: [{ stream: 'b' }], next: null })
  expect((await read('/v1/streams?limit=4')).next).toBeNull()
})

test('a stream tells its head, its ends and its count', async () => {
  const answer = await server.call('/v1/streams/a1', { as })
  expect(answer.headers.get('etag')).toBe('"1"')
  const end = { id: expect.any(String), timestamp: expect.any(String) }
  expect(await jsonOf(answer)).toEqual({
    stream: 'a1',
    revision: 1,
    events: 2,
    first: { ...end, position: 2, revision: 0 },
    last: { ...end, position: 5, revision: 1 },
  })
  expect(await read('/v1/streams/a%2F3')).toMatchObject({ stream: 'a/3', events: 1 })
})

test.each(['c', 'gone', '$keys', 'a*', '*', 'a%20b'])('%s does not exist for the caller', async stream => {
  const answer = await server.call(`/v1/streams/${stream}`, { as })
  expect([answer.status, (await jsonOf(answer)).code]).toEqual([404, 'NOT_FOUND'])
})

test.each([
  ['match=a%20b', '/match/0'],
  ['limit=0', '/limit'],
  ['stream=a', '/stream'],
])('%s is refused', async (parameters, pointer) => {
  const answer = await server.call(`/v1/streams?${parameters}`, { as })
  const problem = await jsonOf(answer)
  expect([answer.status, problem.errors[0].pointer]).toEqual([400, pointer])
})
