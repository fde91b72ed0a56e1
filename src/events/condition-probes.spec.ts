// What a condition tells of events that its token may not read: nothing for free.
import {
  agent,
  type Call,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { Denials } from '../auth/denials.js'
import { AsyncAppendsModule } from './async-appends.module.js'
import { EventsModule } from './events.module.js'

let server: ServerUnderTest
beforeAll(async () => {
  server = await startServer([EventsModule, AsyncAppendsModule])
})
afterAll(() => server.stop())

const spy = agent('spy', 'agent', { 'events.write': ['own'], 'events.read': ['own'] })
const own = (parts: object = {}) => ({ type: 'task.done', stream: 'agent_spy', data: {}, ...parts })
const call = (path: string, options: Call) => server.call(path, { as: spy, ...options })
const denied = () => Object.values(server.app.get(Denials, { strict: false }).counts).reduce((sum, n) => sum + n, 0)

/** A hidden event with a tag of its own, and where it stands. */
async function hide(tag: string): Promise<number> {
  const json = { type: 'deal.signed', stream: 'customers', data: {}, tags: [tag] }
  return (await jsonOf(server.call('/v1/events', { json }))).position
}

/** What was said, without what differs between any two answers. */
async function said(answer: Response | Promise<Response>): Promise<unknown> {
  const { traceId: _, correlationId: __, instance: ___, ...rest } = await jsonOf(answer)
  return [(await answer).status, rest]
}

const about = (...tags: string[]) => ({ failIfEventsMatch: { items: tags.map(tag => ({ tags: [tag] })) } })

describe.each<[string, (condition: object) => Promise<Response>]>([
  ['an expected revision', condition => call('/v1/events', { json: own({ expectedRevision: 999_999, condition }) })],
  [
    'an expectation of a batch',
    condition => {
      const expectations = [{ stream: 'agent_spy', expectedRevision: 999_999 }]
      return call('/v1/events/batch', { json: { events: [own()], expectations, condition } })
    },
  ],
  [
    'If-Match',
    condition => {
      const json = { type: 'task.done', data: {}, condition }
      return call('/v1/streams/agent_spy/events', { json, headers: { 'if-match': '"999999"' } })
    },
  ],
])('when %s did not hold', (_, probe) => {
  test('nothing is told of a hidden event that its condition met', async () => {
    await hide('customer:acme')
    const head = server.store.head()
    const [met, unmet] = [await said(probe(about('customer:acme'))), await said(probe(about('customer:none')))]
    expect(met).toEqual(unmet)
    expect(JSON.stringify(met)).not.toMatch(/condition/)
    expect(server.store.head()).toBe(head)
  })

  test('an event of its own in the condition does not tell either whether a hidden one came before', async () => {
    await hide('customer:before')
    await call('/v1/events', { json: own({ tags: ['mine'] }) })
    const [met, unmet] = [await said(probe(about('customer:before', 'mine'))), await said(probe(about('mine')))]
    expect(met).toEqual(unmet)
    expect(JSON.stringify(met)).toMatch(/"kind":"condition"/)
  })
})

test('whether a condition holds is answered for a stored event or a counted denial each time', async () => {
  const position = await hide('customer:bisected')
  let probes = 0
  const cost = () => server.store.head() + denied()
  const before = cost()
  const found = { low: 0, high: server.store.head() }
  while (found.low < found.high) {
    const after = Math.floor((found.low + found.high) / 2)
    const answer = await call('/v1/events', { json: own({ condition: { ...about('customer:bisected'), after } }) })
    probes++
    if (answer.status === 409) found.low = after + 1
    else found.high = after
  }
  expect(found.low).toBe(position)
  expect(probes).toBeGreaterThan(1)
  expect(cost() - before).toBe(probes)
})

test('an event of its own that the condition met is told, whatever hidden ones it met before', async () => {
  await hide('customer:shadowed')
  const { position } = await jsonOf(call('/v1/events', { json: own({ tags: ['shadow'] }) }))
  const met = await said(call('/v1/events', { json: own({ condition: about('customer:shadowed', 'shadow') }) }))
  const unmet = await said(call('/v1/events', { json: own({ condition: about('shadow') }) }))
  expect(met).toEqual(unmet)
  expect(met).toEqual([409, expect.objectContaining({ violations: [expect.objectContaining({ position })] })])
})

test('an append that nobody waits for is told no more, and counted the same', async () => {
  await hide('customer:async')
  const outcome = async (json: object): Promise<unknown> => {
    const answer = await call('/v1/events/async', { json })
    const { operationId } = await jsonOf(answer.clone())
    if (operationId === undefined) return said(answer)
    for (let looks = 0; looks < 10_000; looks++) {
      const { status, problem } = await jsonOf(call(`/v1/operations/${operationId}`, {}))
      if (status !== 'pending') return [problem?.status, { code: problem?.code, violations: problem?.violations }]
    }
    throw new Error('it did not end')
  }
  const parts = { expectedRevision: 999_999 }
  const met = await outcome(own({ ...parts, condition: about('customer:async') }))
  expect(JSON.stringify(met)).not.toMatch(/"kind":"condition"/)
  const before = denied()
  const alone = await outcome(own({ condition: about('customer:async') }))
  expect(JSON.stringify(alone)).toMatch(/CONDITION_FAILED/)
  expect(denied()).toBe(before + 1)
})
