// Where to begin is said and refused in one way, whether a subscription, a consumer group or a replay asks.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { modulesUnderTest } from '../leaks/twin.js'
import { ADMIN, agent, bearerOf, jsonOf, type ServerUnderTest, startServer } from '../support/http-server-under-test.js'
import { StreamClient } from '../support/stream-client.js'

const NARROW = agent('narrow', 'agent', {
  'events.read': ['open'],
  'streams.subscribe': ['open'],
  'subscriptions.manage': ['open'],
})

let server: ServerUnderTest
let hidden: string
beforeAll(async () => {
  server = await startServer(modulesUnderTest())
  const author = { agentId: 'writer' }
  const named = (stream: string) => ({ type: 'Noted', stream, data: {} })
  await server.store.append({ events: ['open', 'open', 'open'].map(named), author })
  const { events } = await server.store.append({ events: [named('secret')], author })
  hidden = (events[0] as { id: string }).id
})
afterAll(() => server.stop())

/** The position that each surface begins behind, or its problem. */
type Begin = (after: unknown, as?: typeof ADMIN) => Promise<unknown>

interface Problem {
  readonly status: number
  readonly code: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

const refusal = ({ status, code, errors = [] }: Problem) => ({ status, code, errors })

const subscription: Begin = async (after, as = ADMIN) => {
  const client = await StreamClient.open(server.url, { authorization: bearerOf(as) })
  client.send({ type: 'subscribe', id: 's', after })
  while (!client.heard.some(({ id }) => id === 's')) await client.more()
  const answer = client.heard.find(({ id }) => id === 's')
  client.socket.terminate()
  return answer?.type === 'error' ? refusal(answer['problem']) : answer?.['position']
}

let groups = 0
const group: Begin = async (after, as = ADMIN) => {
  const path = `/v1/subscriptions/g${++groups}`
  const { start, ...problem } = await jsonOf(server.call(path, { as, method: 'PUT', json: { after } }))
  return start ?? refusal(problem)
}

/** Nothing is told of where a replay began, but how many of the three events lie behind. */
const replay: Begin = async (after, as = ADMIN) => {
  const filter = { streams: ['open'] }
  const { state, ...problem } = await jsonOf(
    server.call('/v1/replay', { as, json: { after, filter, reducer: 'count' } }),
  )
  return state === undefined ? refusal(problem) : 3 - state.total
}

const RULE = 'must be a position, an event id, an RFC 3339 time, "start" or "head"'
const invalid = (detail: string) => ({
  status: 400,
  code: 'INVALID_REQUEST',
  errors: [{ pointer: '/after', detail }],
})
const unknown = {
  status: 404,
  code: 'NOT_FOUND',
  errors: [{ pointer: '/after', detail: 'is the id of no event, or of one that the token may not read' }],
}

describe.each([
  ['a subscription', subscription],
  ['a consumer group', group],
  ['a replay', replay],
])('%s', (_, begin) => {
  test('begins behind a position, as a number and as decimal text, at the start and at the head', async () => {
    expect([await begin(2), await begin('2'), await begin('start')]).toEqual([2, 2, 0])
    expect(await begin('head')).toBeGreaterThanOrEqual(3)
  })

  test.each(['soon', -1, 1.5, '1e3', '-1', {}, [], true])('refuses %j by the one rule', async after => {
    expect(await begin(after)).toEqual(invalid(RULE))
  })

  test('refuses a position beyond the head', async () => {
    expect(await begin(999_999)).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
      errors: [{ pointer: '/after', detail: expect.stringMatching(/^lies beyond the head, which is \d+: /) }],
    })
  })

  test('does not know the id of no event, nor that of an event the token may not read', async () => {
    expect(await begin('1790000000000000000_0_nobody')).toEqual(unknown)
    expect(await begin(hidden, NARROW)).toEqual(unknown)
  })
})
