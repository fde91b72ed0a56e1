// Live projections over HTTP: what replay would say at every position, followed, bounded, shown to nobody who may not see it, and there again after a restart.
import fs from 'node:fs'
import path from 'node:path'
import { mock } from 'node:test'
import { afterEach, describe, expect, test } from '@jest/globals'
import { EventSourceReader } from '../../test/support/event-source-reader.js'
import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { DegradationModule } from '../degradation/degradation.module.js'
import { EventsModule } from '../events/events.module.js'
import { ReplayModule } from '../replay/replay.module.js'
import { Signals } from '../signals/signals.js'
import { LiveProjections } from './live-projections.service.js'
import { ProjectionsModule } from './projections.module.js'

let server: ServerUnderTest
const readers: EventSourceReader[] = []
const directories: string[] = []

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close()
  await server.stop()
  for (const directory of directories.splice(0)) removeTempDirectory(directory)
})

async function start(directory?: string): Promise<void> {
  server = await startServer(
    [ProjectionsModule, EventsModule, ReplayModule, DegradationModule],
    directory === undefined ? {} : { dataDir: directory },
  )
}

async function startKept(): Promise<string> {
  const directory = makeTempDirectory()
  directories.push(directory)
  await start(directory)
  return directory
}

const put = (name: string, json: unknown) => server.call(`/v1/projections/${name}`, { method: 'PUT', json })
const get = (rest: string, as = ADMIN) => jsonOf(server.call(`/v1/projections/${rest}`, { as }))
const append = async (stream: string, type: string, data: object) =>
  jsonOf(server.call('/v1/events', { json: { stream, type, data } }))
const replayed = (projection: string, at: number) => jsonOf(server.call('/v1/replay', { json: { projection, at } }))

async function follow(name: string, query = '', as = ADMIN): Promise<EventSourceReader> {
  const url = `${server.url}/v1/projections/${name}/changes${query}`
  const reader = await EventSourceReader.open(url, { authorization: bearerOf(as) })
  readers.push(reader)
  return reader
}

/** From memory, with everything in it that was stored when it was asked for. */
async function live(name: string, as = ADMIN) {
  const { position: last } = (await get(`${name}/state?at=${server.store.head()}`, as)) as { position: number }
  for (;;) {
    const answer = await get(`${name}/state`, as)
    if (answer.live && answer.position >= last) return answer
  }
}

const COUNTS = {
  filter: { streams: ['count-*'] },
  key: 'data.k',
  live: true,
  on: {
    add: [
      { op: 'increment', path: '/n', from: 'data.by' },
      { op: 'append', path: '/seen', from: 'position' },
    ],
    drop: [{ op: 'remove', path: '' }],
    pass: [{ op: 'merge', path: '', from: 'data.patch' }],
  },
}

/** Writers side by side; resolves when all is stored. */
async function write(count: number): Promise<void> {
  const writer = async (w: number) => {
    for (let n = 0; n < count; n++) {
      const k = `k${(n * 7 + w) % 5}`
      const type = n % 11 === 10 ? 'drop' : n % 5 === 4 ? 'pass' : 'add'
      await append(`count-${w}`, type, { k, by: n, patch: { [`w${w}`]: n, n: n % 2 === 0 ? null : n } })
      if (n % 3 === 0) await append(`elsewhere-${w}`, 'add', { k, by: 1 })
    }
  }
  await Promise.all([0, 1, 2, 3].map(writer))
}

/** As many as there is time for, from all along the way. */
function some<T>(all: readonly T[]): T[] {
  const step = Math.ceil(all.length / 80)
  return all.filter((_, i) => i % step === 0 || i === all.length - 1)
}

describe('a live projection', () => {
  test('says at every position what a replay to there says, while writers append', async () => {
    await start()
    await append('count-0', 'add', { k: 'k0', by: 1 })
    await put('counts', COUNTS)
    const seen = new Map<number, { state: unknown; events: number }>()
    let isWriting = true
    const watching = (async () => {
      while (isWriting) {
        const { live: isLive, position, state, events } = await get('counts/state')
        if (isLive) seen.set(position, { state, events })
      }
    })()
    await write(80)
    isWriting = false
    await watching
    const { position, state, events } = await live('counts')
    seen.set(position, { state, events })
    expect(seen.size).toBeGreaterThan(5)
    for (const [at, then] of some([...seen])) expect(await replayed('counts', at)).toMatchObject(then)
  })

  test('rests while memory is short, says so by its position, and goes on from there', async () => {
    await start()
    await append('count-0', 'add', { k: 'k0', by: 1 })
    await put('counts', COUNTS)
    const { position } = await live('counts')
    const signals = server.app.get(Signals, { strict: false })
    signals.tell({ cause: 'memory', level: 'warning', detail: 'memory is short', metrics: {} })
    const reader = await follow('counts')
    await append('count-0', 'add', { k: 'k0', by: 2 })
    const waited = await jsonOf(server.call(`/v1/events/wait?after=${server.store.head() - 1}&stream=count-*`))
    expect(waited.events).toHaveLength(1)
    expect(await get('counts/state')).toMatchObject({ live: true, position })
    signals.tell({ cause: 'memory', level: 'ok', detail: 'there is memory', metrics: {} })
    expect((await live('counts')).position).toBeGreaterThan(position)
    reader.close()
  })

  test('is of the version and the upcasters it says, while both are changed under it', async () => {
    await start()
    const by = (n: number) => ({ ...COUNTS, on: { add: [{ op: 'increment', path: `/v${n % 3}` }] } })
    const upcast = (n: number) => {
      const ops = [{ op: 'default', path: '/k', value: `upcast ${n % 2}` }]
      return server.call('/v1/upcasters/add', { method: 'PUT', json: { steps: [{ from: 1, to: 2, ops }] } })
    }
    await put('counts', by(0))
    let isWriting = true
    const seen: { version: number; position: number; state: object }[] = []
    const watching = (async () => {
      while (isWriting) seen.push(await get('counts/state'))
    })()
    await Promise.all([
      write(25),
      ...[0, 1].map(async w => {
        for (let n = 1; n < 25; n++) await (w === 0 ? put('counts', by(n)) : append('count-5', 'add', { by: n }))
      }),
    ])
    isWriting = false
    await watching
    expect(seen.length).toBeGreaterThan(5)
    for (const { version, position, state } of some(seen)) {
      const folded = await get(`counts/state?version=${version}&at=${position}`)
      expect(folded.state).toEqual(state)
    }
    for (let n = 0; n < 6; n++) {
      await upcast(n)
      const { state } = await live('counts')
      expect(state).toEqual((await replayed('counts', server.store.head())).state)
      expect(state[`upcast ${n % 2}`]).toBeDefined()
      expect(state[`upcast ${(n + 1) % 2}`]).toBeUndefined()
    }
  })

  test('is told to whoever follows it: every state is one there was, and the last is the last', async () => {
    await start()
    await put('counts', COUNTS)
    await append('count-0', 'add', { k: 'k0', by: 1 })
    await append('count-0', 'add', { k: 'gone', by: 1 })
    await append('count-0', 'drop', { k: 'gone' })
    await live('counts')
    const [all, one] = [await follow('counts'), await follow('counts', '?key=k1')]
    expect(all.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    await all.until('caughtUp')
    expect(all.events.map(({ type, frame }) => [type, frame.key])).toEqual([
      ['state', 'k0'],
      ['caughtUp', undefined],
    ])
    expect((await one.until('removed')).frame).toEqual({ type: 'removed', key: 'k1', position: expect.any(Number) })
    await write(60)
    const end = await append('count-9', 'add', { k: 'the end', by: 0 })
    await append('count-9', 'add', { k: 'k1', by: 0 })
    while (all.events.at(-1)?.frame.key !== 'k1' || all.events.at(-1)?.frame.position <= end.position) await all.more()
    const last = all.events.at(-1)
    while (one.events.at(-1)?.frame.position < last?.frame.position) await one.more()
    expect(new Set(one.events.flatMap(({ frame }) => frame.key ?? []))).toEqual(new Set(['k1']))
    const told: Record<string, unknown> = {}
    const positions = new Set<number>()
    for (const { type, frame } of all.events) {
      if (type === 'caughtUp') continue
      if (type === 'state') told[frame.key] = frame.state
      else delete told[frame.key]
      if (positions.size < 40) positions.add(frame.position)
    }
    expect(told).toEqual((await live('counts')).state)
    for (const at of positions) {
      const { state } = await replayed('counts', at)
      for (const { type, frame } of [...all.events, ...one.events]) {
        if (type !== 'caughtUp' && frame.position === at) expect(frame.state).toEqual(state[frame.key])
      }
    }
  })

  test('tells a slow reader the newest, and holds nothing for it but names', async () => {
    await start()
    const on = {
      add: [
        { op: 'set', path: '/text', from: 'data.text' },
        { op: 'set', path: '/n', from: 'data.n' },
      ],
    }
    await put('large', { filter: { streams: ['large'] }, live: true, on })
    await append('large', 'add', { n: 0 })
    await live('large')
    const reader = await follow('large')
    await reader.until('caughtUp')
    reader.pause()
    // More than all that lies between server and reader can hold.
    const text = 'x'.repeat(500_000)
    for (let n = 1; n <= 60; n++) await append('large', 'add', { n, text })
    await live('large')
    reader.resume()
    while (reader.events.at(-1)?.frame.state?.n !== 60) await reader.more()
    expect(reader.events.length).toBeLessThan(60)
    const seen = reader.events.flatMap(({ frame }) => frame.state?.n ?? [])
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })

  test('ends what follows it when it is defined in another way, deleted, or upcast in another way', async () => {
    await start()
    await put('counts', COUNTS)
    for (const change of [
      () => put('counts', { ...COUNTS, description: 'another' }),
      () =>
        server.call('/v1/upcasters/add', {
          method: 'PUT',
          json: { steps: [{ from: 1, to: 2, ops: [{ op: 'remove', path: '/x' }] }] },
        }),
      () => server.call('/v1/projections/counts', { method: 'DELETE' }),
    ]) {
      const reader = await follow('counts')
      await reader.until('caughtUp')
      await change()
      expect((await reader.until('goaway')).frame).toMatchObject({ reason: expect.stringContaining('another way') })
      await reader.ended()
    }
    await expect(follow('counts')).rejects.toThrow('404')
  })

  test('tells what follows it, when the server ends, that the server does', async () => {
    await start()
    await put('counts', COUNTS)
    const reader = await follow('counts')
    await reader.until('caughtUp')
    const closing = server.app.close()
    expect((await reader.until('goaway')).frame).toMatchObject({ reason: 'The server is shutting down.' })
    await reader.ended()
    await closing
  })

  test('is followed by nobody any more once it has ended, and whoever asks then is told so at once', async () => {
    await start()
    await put('counts', COUNTS)
    const kept = server.app.get(LiveProjections)
    kept.beforeApplicationShutdown()
    const find = kept.find.bind(kept)
    let asked = 0
    // Whoever asks again and again would leave this process no turn to say so.
    mock.method(kept, 'find', (version: Parameters<typeof find>[0]) => {
      if (++asked > 100) throw new Error('it is asked for without end')
      return find(version)
    })
    const answer = await server.call('/v1/projections/counts/changes')
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([503, 'CLOSED'])
    // Its state can be made of history still.
    expect((await get('counts/state')).live).toBe(false)
  })

  test('says that it is full, keeps what led there, and is whole again when it is defined smaller', async () => {
    await start()
    const filter = { streams: ['full'] }
    await put('full', {
      filter,
      key: 'data.n',
      live: true,
      on: { '*': [{ op: 'set', path: '/text', from: 'data.text' }] },
    })
    const reader = await follow('full')
    const text = 'x'.repeat(900_000)
    for (let n = 0; n < 20; n++) await append('full', 'add', { n, text })
    expect((await reader.until('error')).frame.problem).toMatchObject({ code: 'STATE_TOO_LARGE', status: 422 })
    for (const rest of ['full/state', 'full/changes']) {
      const answer = await server.call(`/v1/projections/${rest}`)
      expect([answer.status, (await jsonOf(answer)).code]).toEqual([422, 'STATE_TOO_LARGE'])
    }
    expect(Object.keys((await get('full/state?at=3')).state)).toEqual(['0', '1'])
    await put('full', { filter, live: true, on: { '*': [{ op: 'increment', path: '/n' }] } })
    expect((await live('full')).state).toEqual({ n: 20 })
  })

  test('has no more followers than a server bears, and takes one when another leaves', async () => {
    await start()
    await put('counts', COUNTS)
    const { followers } = DEFINITION_LIMITS
    // One agent alone may not have as many.
    const who = (n: number) => agent(`follower-${n % 10}`, 'admin')
    const all = await Promise.all(Array.from({ length: followers }, (_, n) => follow('counts', '', who(n))))
    const answer = await server.call('/v1/projections/counts/changes')
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([503, 'OVERLOADED'])
    all[0]?.close()
    for (;;) {
      const again = await server.call('/v1/projections/counts/changes', { method: 'HEAD' })
      if (again.status === 200) break
    }
  })
})

describe('who may not read all of it', () => {
  const SECRET = { k: 'secret', by: 42 }

  test('is shown what is folded of the rest, and follows nothing', async () => {
    await start()
    await put('counts', COUNTS)
    await append('count-open', 'add', { k: 'open', by: 1 })
    await append('count-secret', 'add', SECRET)
    expect(Object.keys((await live('counts')).state)).toEqual(['open', 'secret'])
    for (const [streams, keys] of [
      [['count-open'], ['open']],
      [['count-o*', 'count-x'], ['open']],
      [['*-open'], ['open']],
      [['other'], []],
      [['c*t-open', 'count-s'], ['open']],
    ] as const) {
      const reader = agent('reader', 'agent', { 'events.read': streams })
      const answer = await get('counts/state', reader)
      expect([answer.live, Object.keys(answer.state)]).toEqual([false, keys])
      expect((await get('counts/state?key=secret', reader)).code).toBe('NOT_FOUND')
      expect((await get('counts/keys', reader)).keys.map(({ key }: { key: string }) => key)).toEqual(keys)
      for (const query of ['', '?key=open', '?key=secret']) {
        await expect(follow('counts', query, reader)).rejects.toThrow('403')
      }
    }
    for (const streams of [['count-*'], ['*'], ['c*'], ['x', '*-*']]) {
      const reader = agent('reader', 'agent', { 'events.read': streams })
      expect((await live('counts', reader)).live).toBe(true)
      await (await follow('counts', '', reader)).until('caughtUp')
    }
  })

  test('sees nothing of the service’s own streams through one without a filter, or with one of them', async () => {
    await start()
    const on = { '*': [{ op: 'append', path: '/streams', from: 'stream' }] }
    await put('all', { live: true, on })
    await put('own', { filter: { streams: ['$*'] }, live: true, on })
    await append('a', 'T', {})
    expect((await live('all')).state).toEqual({ streams: ['a'] })
    const everyone = agent('reader', 'agent', { 'events.read': ['*'] })
    expect((await live('all', everyone)).state).toEqual({ streams: ['a'] })
    expect(await get('own/state', everyone)).toMatchObject({ live: false, state: {} })
    await expect(follow('own', '', everyone)).rejects.toThrow('403')
    expect((await live('own')).state.streams).toContain('$projections')
  })
})

test('what is not kept live is not followed', async () => {
  await start()
  await put('still', { ...COUNTS, live: false })
  expect((await server.call('/v1/projections/still/changes')).status).toBe(400)
  expect((await server.call('/v1/projections/nobody/changes')).status).toBe(404)
  const headers = { accept: 'application/json' }
  expect((await server.call('/v1/projections/still/changes', { headers })).status).toBe(406)
  await put('one', { live: true, on: { T: [{ op: 'increment', path: '/n' }] } })
  expect((await jsonOf(server.call('/v1/projections/one/changes?key=a'))).errors).toMatchObject([{ pointer: '/key' }])
})

test('definitions, versions, upcasters and live states are there again after a restart', async () => {
  const directory = await startKept()
  await put('counts', { ...COUNTS, description: 'first' })
  await put('counts', COUNTS)
  await put('gone', COUNTS)
  await server.call('/v1/projections/gone', { method: 'DELETE' })
  const steps = [{ from: 1, to: 2, ops: [{ op: 'rename', path: '/key', to: 'k' }] }]
  await server.call('/v1/upcasters/add', { method: 'PUT', json: { steps } })
  await append('count-0', 'add', { key: 'old', by: 1 })
  await append('count-0', 'add', { k: 'new', by: 2 })
  const before = [await get('counts'), await get('counts?version=1'), (await live('counts')).state]
  expect(Object.keys(before[2])).toEqual(['old', 'new'])
  const reader = await follow('counts')
  await server.stop()
  await reader.until('goaway')
  await start(directory)
  expect([await get('counts'), await get('counts?version=1'), (await live('counts')).state]).toEqual(before)
  expect((await get('gone')).code).toBe('NOT_FOUND')
  expect(await jsonOf(server.call('/v1/upcasters/add'))).toMatchObject({ version: 1, steps })
  expect(await jsonOf(put('gone', COUNTS))).toMatchObject({ version: 3 })
  await append('count-0', 'add', { key: 'old', by: 5 })
  expect((await live('counts')).state.old.n).toBe(6)
})

/** What was stored with this text cannot be read any more. */
function damage(directory: string, text: string): void {
  const segments = path.join(directory, 'segments')
  for (const name of fs.readdirSync(segments).filter(file => file.endsWith('.log'))) {
    const bytes = fs.readFileSync(path.join(segments, name))
    const at = bytes.indexOf(text)
    if (at >= 0) fs.writeFileSync(path.join(segments, name), bytes.fill('?', at, at + 4))
  }
}

describe('on a damaged log', () => {
  const upcaster = (value: string) => {
    const steps = [{ from: 1, to: 2, ops: [{ op: 'default', path: '/said', value }] }]
    return server.call('/v1/upcasters/add', { method: 'PUT', json: { steps } })
  }
  const replay = (more: object) => jsonOf(server.call('/v1/replay', { json: { projection: 'counts', ...more } }))

  test('what is folded of a damaged event ends and says so, a replay may pass over it, and what lies before is whole', async () => {
    const directory = await startKept()
    await put('counts', COUNTS)
    await upcaster('first')
    const first = await append('count-0', 'add', { k: 'a', by: 1 })
    const damaged = await append('count-0', 'add', { k: 'MARK-OF-THE-DAMAGED', by: 1 })
    await append('count-0', 'add', { k: 'b', by: 1 })
    await upcaster('second')
    await put('counts', { ...COUNTS, description: 'behind the damage' })
    await server.stop()
    damage(directory, 'MARK-OF-THE-DAMAGED')
    await start(directory)
    expect(await replay({})).toMatchObject({ code: 'DATA_CORRUPT' })
    const skipped = await replay({ onDamaged: 'skip' })
    expect(Object.keys(skipped.state)).toEqual(['a', 'b'])
    expect(skipped.damaged).toMatchObject([{ from: damaged.position, to: damaged.position }])
    // Definitions go on without a gap behind the damage: none of them is missing.
    expect((await replay({ at: first.position })).state).toEqual({ a: { n: 1, seen: [first.position] } })
    let answer = await get('counts/state')
    // Until the live one has got there, it is folded for whoever asks.
    for (; answer.problem === undefined; answer = await get('counts/state')) expect(answer.code).toBe('DATA_CORRUPT')
    expect(answer).toMatchObject({ live: true, problem: { code: 'DATA_CORRUPT' } })
    expect(answer).toMatchObject({ position: first.position, state: { a: { n: 1, seen: [first.position] } } })
    expect((await replay({ at: answer.position })).state).toEqual(answer.state)
  })

  test('nothing is folded by upcasters of which one may be missing, but for who passes over damage', async () => {
    const directory = await startKept()
    await put('counts', COUNTS)
    const { position } = await append('count-0', 'add', { k: 'a', by: 1 })
    await upcaster('MARK-OF-THE-DAMAGED')
    await server.stop()
    damage(directory, 'MARK-OF-THE-DAMAGED')
    await start(directory)
    expect(await replay({ at: position })).toMatchObject({
      code: 'DATA_CORRUPT',
      detail: expect.stringContaining('$schemas'),
    })
    expect(Object.keys((await replay({ at: position, onDamaged: 'skip' })).state)).toEqual(['a'])
    for (const rest of ['state', 'keys', 'changes'])
      expect(await get(`counts/${rest}`)).toMatchObject({ code: 'DATA_CORRUPT' })
    expect((await get('counts')).version).toBe(1)
  })
})
