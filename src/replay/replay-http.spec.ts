// State from history over HTTP: at any moment, by every reducer, resumed anywhere, and never of what a token may not read.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { EventsModule } from '../events/events.module.js'
import { ReplayModule } from './replay.module.js'

let server: ServerUnderTest

beforeAll(async () => {
  server = await startServer([EventsModule, ReplayModule])
})

afterAll(() => server.stop())

interface Stored {
  readonly id: string
  readonly position: number
  readonly timestamp: string
}

const append = async (stream: string, data: object, type = 'task.changed'): Promise<Stored> =>
  jsonOf(server.call('/v1/events', { json: { stream, type, data } }))
const replay = (json: object, as?: ReturnType<typeof agent>) =>
  jsonOf(server.call('/v1/replay', { json, ...(as === undefined ? undefined : { as }) }))
const stateOf = (stream: string, query = '') => jsonOf(server.call(`/v1/streams/${stream}/state${query}`))
const linesOf = async (json: object) => {
  const answer = await server.call('/v1/replay', { json, headers: { accept: 'application/x-ndjson' } })
  const text = await answer.text()
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

describe('the state of a stream', () => {
  test('is what its events say, at every moment of its history', async () => {
    const opened = await append('task-1', { status: 'open', owner: 'ada' })
    const moved = await append('task-1', { status: 'done', owner: null, result: { ok: true } })
    expect(await stateOf('task-1')).toMatchObject({
      stream: 'task-1',
      state: { status: 'done', result: { ok: true } },
      events: 2,
      damaged: [],
    })
    for (const moment of [opened.position, opened.id, opened.timestamp]) {
      expect(await stateOf('task-1', `?at=${encodeURIComponent(moment)}`)).toMatchObject({
        state: { status: 'open', owner: 'ada' },
        position: opened.position,
        events: 1,
      })
    }
    expect(await stateOf('task-1', `?at=${moved.position}`)).toMatchObject({ events: 2, position: moved.position })
    expect(await stateOf('task-1', '?at=2001-01-01T00:00:00Z')).toMatchObject({ state: {}, events: 0, position: 0 })
    expect(await stateOf('task-1', '?at=0')).toMatchObject({ state: {}, events: 0 })
  })

  test('at a time that has just passed is the same for ever, whatever is being appended', async () => {
    let going = true
    const writer = async () => {
      while (going) await append('task-9', { a: 1 })
    }
    const writers = Array.from({ length: 8 }, writer)
    const asked: [at: string, position: number][] = []
    for (let n = 0; n < 60; n++) {
      const at = new Date(Date.now() - (n % 3)).toISOString()
      asked.push([at, (await replay({ at, reducer: 'count' })).position])
    }
    going = false
    await Promise.all(writers)
    for (const [at, position] of asked)
      expect([at, (await replay({ at, reducer: 'count' })).position]).toEqual([at, position])
  })

  test('is not told of the future, nor of what is no moment', async () => {
    await append('task-2', { a: 1 })
    for (const at of ['999999999', '2999-01-01T00:00:00Z', 'yesterday', '-1', '1.5', '1e3']) {
      const answer = await server.call(`/v1/streams/task-2/state?at=${at}`)
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ pointer: '/at' }] })
    }
    expect((await server.call('/v1/streams/task-2/state?at=1_0_nowhere')).status).toBe(404)
    expect((await server.call('/v1/streams/nobody/state')).status).toBe(404)
  })

  test('does not exist for who may not read it', async () => {
    const secret = await append('secret-1', { a: 1 })
    const guest = agent('guest-1', 'guest')
    expect((await server.call('/v1/streams/secret-1/state', { as: guest })).status).toBe(404)
    expect(await replay({}, guest)).toMatchObject({ state: {}, events: 0 })
    expect((await server.call('/v1/replay', { as: guest, json: { at: secret.id } })).status).toBe(404)
  })
})

describe('a replay', () => {
  test('folds by the reducer it is asked for', async () => {
    const filter = { streams: ['fold-*'] }
    await append('fold-1', { task: 'a', n: 1 }, 'made')
    await append('fold-2', { task: 'b', n: 2 }, 'made')
    await append('fold-1', { task: 'a', n: 3 }, 'moved')
    await append('fold-1', { n: 4 }, 'moved')
    const by = async (more: object) => (await replay({ filter, ...more })).state
    expect(await by({})).toEqual({ task: 'a', n: 4 })
    expect(await by({ reducer: 'last' })).toEqual({ n: 4 })
    expect(await by({ reducer: 'count' })).toEqual({ total: 4, byType: { made: 2, moved: 2 } })
    expect(await by({ reducer: 'collect', filter: { ...filter, types: ['made'] } })).toEqual([
      { task: 'a', n: 1 },
      { task: 'b', n: 2 },
    ])
    expect(await by({ reducer: 'set', key: 'data.task' })).toEqual({ a: { task: 'a', n: 3 }, b: { task: 'b', n: 2 } })
    expect(await by({ reducer: 'set', key: 'stream' })).toEqual({ 'fold-1': { n: 4 }, 'fold-2': { task: 'b', n: 2 } })
  })

  test.each([
    [{ reducer: 'eval' }, '/reducer'],
    [{ reducer: 'set' }, '/key'],
    [{ key: 'data.a' }, '/key'],
    [{ reducer: 'set', key: 'password' }, '/key'],
    [{ reducer: 'collect', initial: { state: {} } }, '/initial/state'],
    [{ initial: {} }, '/initial/state'],
    [{ after: 'never' }, '/after'],
    [{ at: {} }, '/at'],
    [{ at: 1e15 }, '/at'],
    [{ filter: { streams: 'a' } }, '/filter/streams'],
    [{ filter: { streams: ['a b'] } }, '/filter/streams/0'],
    [{ filter: { within: ['*'] } }, '/filter/within'],
    [{ reducer: 'count', initial: { state: { total: 1, byType: { made: '1' } } } }, '/initial/state'],
    [{ colour: 1 }, '/colour'],
    [{ every: 0 }, '/every'],
    [{ onDamaged: 'ignore' }, '/onDamaged'],
  ])('refuses %j at %s', async (json, pointer) => {
    const answer = await server.call('/v1/replay', { json })
    expect(answer.status).toBe(400)
    expect((await jsonOf(Promise.resolve(answer))).errors).toContainEqual({ pointer, detail: expect.any(String) })
  })

  test('is there for others while one agent keeps as many as it can get, and reads none of them', async () => {
    const text = 'x'.repeat(200_000)
    for (let n = 0; n < 60; n++) await append('stalled', { text })
    const leave = new AbortController()
    const options = { json: { filter: { streams: ['stalled'] }, states: true }, as: agent('greedy', 'system_agent') }
    const headers = { accept: 'application/x-ndjson' }
    const asked = Array.from({ length: 12 }, () =>
      server.call('/v1/replay', { ...options, headers, signal: leave.signal }),
    )
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect([statuses.includes(200), statuses.includes(503)]).toEqual([true, true])
    expect((await server.call('/v1/replay', { json: { filter: { streams: ['fold-1'] } } })).status).toBe(200)
    leave.abort()
  })

  test('tells its progress, and ends with the state', async () => {
    for (let n = 1; n <= 5; n++) await append('progress', { n })
    const filter = { streams: ['progress'] }
    const frames = await linesOf({ filter, every: 2 })
    expect(frames.map(({ type }) => type)).toEqual(['progress', 'progress', 'state', 'end'])
    expect(frames[1]).toMatchObject({ events: 4 })
    expect(frames[2]).toMatchObject({ events: 5, state: { n: 5 } })
    const states = await linesOf({ filter, states: true })
    expect(states.filter(({ id }) => id !== undefined).map(({ state }) => state.n)).toEqual([1, 2, 3, 4, 5])
  })

  test('comes to the same state in whatever pieces it is done, byte for byte', async () => {
    const values = fc.dictionary(
      fc.constantFrom('a', 'b', '__proto__', 'constructor', '1', '0'),
      fc.jsonValue({ maxDepth: 2 }),
    )
    let n = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(values, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        async (all, cuts) => {
          const stream = `pieces-${n++}`
          const events = all.map(data => ({ stream, type: 'T', data: JSON.parse(JSON.stringify(data)) }))
          const stored = await jsonOf(server.call('/v1/events/batch', { json: { events } }))
          const { firstPosition } = stored
          for (const reducer of ['merge', 'last', 'count', 'collect']) {
            const textOf = async (json: object) => {
              const answer = await server.call('/v1/replay', {
                json: { filter: { streams: [stream] }, reducer, ...json },
              })
              return JSON.parse(await answer.text())
            }
            const whole = await textOf({})
            let piece: { state: unknown; position: number; events: number } | undefined
            for (const at of [
              ...cuts.map(cut => firstPosition + (cut % events.length)).sort((a, b) => a - b),
              'head',
            ]) {
              const from = piece && { after: piece.position, initial: { state: piece.state, events: piece.events } }
              piece = await textOf({ ...from, at })
            }
            expect(JSON.stringify(piece?.state)).toBe(JSON.stringify(whole.state))
            expect(piece?.events).toBe(whole.events)
          }
        },
      ),
      { numRuns: 15 },
    )
  })

  test('of a moment in the past knows nothing of what is appended meanwhile', async () => {
    let n = 0
    let last = await append('busy', { n })
    const writing = (async () => {
      while (n < 200) last = await append('busy', { n: ++n })
    })()
    while (n < 20) await new Promise(setImmediate)
    const then = last
    const { state: seen } = await stateOf('busy', `?at=${then.id}`)
    await writing
    for (const at of [then.position, then.id, then.timestamp]) {
      expect((await stateOf('busy', `?at=${encodeURIComponent(at)}`)).state).toEqual(seen)
    }
  })

  test('ends with a problem when the state grows too large', async () => {
    const text = 'x'.repeat(900_000)
    for (let i = 0; i < 20; i++) await append('large', { [`key${i}`]: text })
    const answer = await server.call('/v1/replay', { json: { filter: { streams: ['large'] } } })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ code: 'STATE_TOO_LARGE' })
    expect((await replay({ filter: { streams: ['large'] }, reducer: 'count' })).state.total).toBe(20)
  })
})
