// Snapshots over HTTP: kept, made, read, verified, protected and removed by whoever may; and names that lead nowhere.
import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  agent,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import type { Identity } from '../auth/access.js'
import { Settings } from '../config/settings.js'
import { EventsModule } from '../events/events.module.js'
import { ProjectionsModule } from '../projections/projections.module.js'
import { ReplayModule } from '../replay/replay.module.js'
import { ProtectedHistory } from '../storage/protected-history.js'
import { SnapshotsModule } from './snapshots.module.js'

let server: ServerUnderTest

beforeAll(async () => {
  server = await startServer([ProjectionsModule, EventsModule, ReplayModule, SnapshotsModule])
})

afterAll(() => server.stop())

const OPERATOR = agent('operator', 'admin')
const READER = agent('reader', 'system_agent')
const AGENT = agent('builder', 'agent')
/** May operate the server, and read next to nothing. */
const BLIND = agent('blind', 'admin', { 'admin.read': ['*'], 'admin.write': ['*'], 'events.read': ['public_*'] })

const append = (stream: string, data: object, type = 'task.changed') =>
  jsonOf(server.call('/v1/events', { json: { stream, type, data } }))
const keep = (json: object, as: Identity = OPERATOR) => server.call('/v1/snapshots', { json, as })
const kept = async (json: object, as: Identity = OPERATOR) => jsonOf(keep(json, as))
const call = (method: string, path: string, as: Identity = OPERATOR, headers = {}) =>
  server.call(`/v1/snapshots${path}`, { method, as, headers })
const replay = (json: object, as: Identity = OPERATOR) => jsonOf(server.call('/v1/replay', { json, as }))
/** A filter that no other test has. */
let count = 0
const fresh = () => ({ filter: { streams: [`stream-${++count}`] } })
async function story() {
  const fold = fresh()
  const [stream] = fold.filter.streams as [string]
  await append(stream, { a: 1 })
  return { fold, stream, made: await kept(fold) }
}
/** Sent as it is written, where `fetch` would tidy it first. */
const raw = (method: string, path: string) =>
  new Promise<number>((resolve, reject) => {
    const { hostname, port } = new URL(server.url)
    const asked = request({ hostname, port, method, path, headers: { authorization: bearerOf(OPERATOR) } }, answer => {
      answer.resume().once('end', () => resolve(answer.statusCode as number))
    })
    asked.once('error', reject).end()
  })

describe('keeping a fold', () => {
  test('makes a snapshot of it, with which replays of the same fold begin', async () => {
    const fold = fresh()
    const [stream] = fold.filter.streams as [string]
    await append(stream, { status: 'open', owner: 'ada' })
    const answer = await keep({ ...fold, name: 'tasks-1' })
    expect(answer.status).toBe(201)
    const { fold: shown, snapshot } = await jsonOf(answer)
    expect(shown).toMatchObject({
      name: 'tasks-1',
      keptBy: 'operator',
      fold: { reducer: 'merge', filter: fold.filter },
    })
    expect(snapshot).toMatchObject({ events: 1, reason: 'demand', base: null, protected: false })
    expect(snapshot.fold).toBe(shown.id)
    await append(stream, { status: 'done' })
    expect(await replay(fold)).toMatchObject({
      state: { status: 'done', owner: 'ada' },
      events: 2,
      snapshot: { position: snapshot.position },
    })
    expect(await replay({ ...fold, snapshots: false })).toMatchObject({ events: 2, snapshot: null })
    const state = await jsonOf(server.call(`/v1/streams/${stream}/state`))
    expect(state).toMatchObject({ events: 2, snapshot: { position: snapshot.position } })
  })

  test('again makes another at the head, and changes nothing else', async () => {
    const { fold, stream, made } = await story()
    await append(stream, { b: 2 })
    const again = await kept(fold)
    expect(again.fold).toEqual(made.fold)
    expect(again.snapshot.position).toBeGreaterThan(made.snapshot.position)
    expect((await kept(fold)).snapshot).toEqual(again.snapshot)
  })

  test('of the words of a projection', async () => {
    const fold = fresh()
    const [stream] = fold.filter.streams as [string]
    const json = { ...fold, on: { '*': [{ op: 'increment', path: '/n' }] } }
    expect((await server.call('/v1/projections/counted', { method: 'PUT', json })).status).toBe(201)
    await append(stream, {})
    const { snapshot } = await kept({ projection: 'counted', version: 1 })
    expect(await replay({ projection: 'counted' })).toMatchObject({
      state: { n: 1 },
      snapshot: { position: snapshot.position },
    })
  })

  test('that has a snapshot is its fold whichever upcasters there are, and begins with none of others', async () => {
    const { fold, stream, made } = await story()
    expect(made.snapshot).toMatchObject({ fold: made.fold.id, upcasting: null })
    const steps = [{ from: 1, to: 2, ops: [{ op: 'rename', path: '/a', to: 'renamed' }] }]
    const upcaster = (method: string, json?: object) =>
      server.call('/v1/upcasters/task.changed', { method, json } as never)
    expect((await upcaster('PUT', { steps })).status).toBe(201)
    try {
      expect(await replay(fold)).toMatchObject({ state: { renamed: 1 }, snapshot: null })
      const again = await kept(fold)
      expect(again.fold).toEqual(made.fold)
      expect(again.snapshot).toMatchObject({ fold: made.fold.id, upcasting: expect.stringMatching(/^[0-9a-f]{64}$/) })
      expect(again.snapshot.id).not.toBe(made.snapshot.id)
      const { folds, snapshots } = await jsonOf(call('GET', ''))
      const ids = folds.map(({ id }: { id: string }) => id)
      expect(snapshots.filter((one: { fold: string }) => !ids.includes(one.fold))).toEqual([])
      expect(await replay(fold)).toMatchObject({
        state: { renamed: 1 },
        snapshot: { position: again.snapshot.position },
      })
    } finally {
      await upcaster('DELETE')
    }
    await append(stream, { b: 2 })
    expect(await replay(fold)).toMatchObject({ state: { a: 1, b: 2 }, snapshot: { position: made.snapshot.position } })
    expect((await call('DELETE', `/folds/${made.fold.id}`)).status).toBe(204)
    const { snapshots } = await jsonOf(call('GET', ''))
    expect(snapshots.filter((one: { fold: string }) => one.fold === made.fold.id)).toEqual([])
  })

  test.each<readonly [string, unknown, number, string]>([
    ['a reducer that is none', { reducer: 'eval' }, 400, '/reducer'],
    ['no key where one is needed', { reducer: 'set' }, 400, '/key'],
    ['a key where none is', { key: 'data.a' }, 400, '/key'],
    ['a key that is too long', { reducer: 'set', key: 'k'.repeat(10_000) }, 400, '/key'],
    ['a filter that is a list', { filter: [] }, 400, '/filter'],
    ['a pattern of no stream', { filter: { streams: ['a b'] } }, 400, '/filter/streams/0'],
    ['a pattern that is a number', { filter: { streams: [1] } }, 400, '/filter/streams/0'],
    ['a field nobody knows', { path: '/etc/passwd' }, 400, '/path'],
    ['a field nobody knows in the filter', { filter: { within: ['*'] } }, 400, '/filter/within'],
    ['a name that is a path', { name: '../x' }, 400, '/name'],
    ['a name that is empty', { name: '' }, 400, '/name'],
    ['a name that is too long', { name: 'n'.repeat(65) }, 400, '/name'],
    ['a name that is a list', { name: ['n'] }, 400, '/name'],
    ['a version of nothing', { version: 1 }, 400, '/version'],
    ['a version that is none', { projection: 'counted', version: 0 }, 400, '/version'],
    ['a projection and a reducer', { projection: 'counted', reducer: 'last' }, 400, '/reducer'],
    ['a list', [], 400, ''],
  ])('with %s is refused, and says where', async (_, json, status, pointer) => {
    const answer = await keep(json as object)
    expect(answer.status).toBe(status)
    const { code, errors } = await jsonOf(answer)
    expect(code).toBe('INVALID_REQUEST')
    if (pointer !== '') expect(errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
  })

  test('of a projection that is not there is 404', async () => {
    expect((await keep({ projection: 'nobody' })).status).toBe(404)
    expect((await keep({ projection: '../x' })).status).toBe(404)
    expect((await keep({ projection: 'x'.repeat(300) })).status).toBe(400)
  })

  test('under the name of another is a conflict', async () => {
    expect((await keep({ ...fresh(), name: 'taken' })).status).toBe(201)
    const answer = await keep({ ...fresh(), name: 'taken' })
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([409, 'SNAPSHOT_CONFLICT'])
  })

  test('needs the scopes to operate the server and to read', async () => {
    const body = fresh()
    expect((await keep(body, AGENT)).status).toBe(403)
    expect((await keep(body, READER)).status).toBe(403)
    expect((await keep(body, agent('deaf', 'admin', { 'admin.write': ['*'] }))).status).toBe(403)
  })

  test('ends at a bound', async () => {
    const { folds } = await jsonOf(call('GET', ''))
    const made: string[] = []
    for (let n = folds.length; n < 100; n++) made.push((await kept(fresh())).fold.id)
    const answer = await keep(fresh())
    expect([answer.status, (await jsonOf(answer)).code]).toEqual([409, 'SNAPSHOT_CONFLICT'])
    for (const id of made) expect((await call('DELETE', `/folds/${id}`)).status).toBe(204)
  }, 30_000)
})

describe('what a token may not read', () => {
  test('is in no snapshot it makes, and of those of others it is shown neither state nor hash nor size', async () => {
    await append('hidden', { secret: 'of hidden' })
    await append('public_square', { open: 'to all' })
    const all = await kept({ filter: { streams: ['hidden', 'public_*'] } })
    expect(all.snapshot.stateSha256).toMatch(/^[0-9a-f]{64}$/)
    const own = await kept({ filter: { streams: ['hidden', 'public_*'] } }, BLIND)
    expect(own.snapshot).toMatchObject({ events: 1, stateSha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(own.fold.id).not.toBe(all.fold.id)
    expect(await jsonOf(call('GET', `/${own.snapshot.id}/state`, BLIND))).toMatchObject({ state: { open: 'to all' } })
    const { id } = all.snapshot
    const untold = { events: null, bytes: null, stateBytes: null, stateSha256: null }
    expect((await call('GET', `/${id}/state`, BLIND)).status).toBe(404)
    expect(await jsonOf(call('GET', `/${id}`, BLIND))).toMatchObject({ id, ...untold })
    const list = await jsonOf(call('GET', '', BLIND))
    expect(list.snapshots.find((one: { id: string }) => one.id === id)).toMatchObject(untold)
    const asked = { filter: { streams: ['hidden', 'public_*'] } }
    expect(await replay(asked, BLIND)).toMatchObject({ state: { open: 'to all' }, events: 1 })
  })
})

describe('one snapshot', () => {
  test('is shown, without its state and with it', async () => {
    const { made } = await story()
    const { id } = made.snapshot
    expect(await jsonOf(call('GET', `/${id}`))).toEqual(made.snapshot)
    expect(await jsonOf(call('GET', `/${id}`, READER))).toEqual(made.snapshot)
    const answer = await call('GET', `/${id}/state`)
    expect(await answer.json()).toEqual({ id, position: made.snapshot.position, events: 1, state: { a: 1 } })
    const list = await jsonOf(call('GET', ''))
    expect(list.snapshots).toContainEqual(made.snapshot)
    expect(list.folds).toContainEqual(made.fold)
  })

  test('has the hash of its state for an ETag', async () => {
    const { made } = await story()
    const { id, stateSha256 } = made.snapshot
    const etag = `"${stateSha256}"`
    expect((await call('GET', `/${id}/state`)).headers.get('etag')).toBe(etag)
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const answer = await call('GET', `/${id}/state`, OPERATOR, { 'if-none-match': known })
      expect([answer.status, await answer.text()]).toEqual([304, ''])
    }
    expect((await call('GET', `/${id}/state`, OPERATOR, { 'if-none-match': '"x"' })).status).toBe(200)
    expect((await call('GET', `/${id}/state`, OPERATOR, { accept: 'text/html' })).status).toBe(406)
  })

  test('is verified', async () => {
    const { made } = await story()
    const path = `/${made.snapshot.id}/verify`
    expect(await jsonOf(call('POST', path))).toEqual({ verdict: 'sound', quarantined: [], made: null })
    for (const as of [AGENT, READER]) expect((await call('POST', path, as)).status).toBe(403)
  })

  test('is protected from being removed until that is ended', async () => {
    const { fold, stream, made } = await story()
    const { id } = made.snapshot
    const history = server.app.get(ProtectedHistory, { strict: false })
    expect(history.upTo()).toBe(0)
    expect(await jsonOf(call('POST', `/${id}/protect`))).toMatchObject({ id, protected: true })
    expect(history.upTo()).toBe(made.snapshot.position)
    expect(await jsonOf(call('POST', `/${id}/protect`))).toMatchObject({ protected: true })
    const refused = await call('DELETE', `/${id}`)
    expect([refused.status, (await jsonOf(refused)).code]).toEqual([409, 'SNAPSHOT_CONFLICT'])
    await append(stream, { b: 2 })
    await kept(fold)
    expect((await call('DELETE', `/folds/${made.fold.id}`)).status).toBe(204)
    expect(await jsonOf(call('GET', `/${id}`))).toMatchObject({ protected: true })
    expect(await jsonOf(call('DELETE', `/${id}/protect`))).toMatchObject({ protected: false })
    expect(await jsonOf(call('DELETE', `/${id}`))).toEqual({ removed: [id] })
    expect((await call('GET', `/${id}`)).status).toBe(404)
    expect(await replay(fold)).toMatchObject({ events: 2, snapshot: null })
  })

  test.each(['GET ', 'GET /state', 'POST /verify', 'POST /protect', 'DELETE /protect', 'DELETE '])(
    'that is not there: %s is 404, and 403 for whoever may not ask',
    async asked => {
      const [method, rest] = asked.split(' ') as [string, string]
      const id = `${'0'.repeat(32)}-${'0'.repeat(16)}`
      const answer = await call(method, `/${id}${rest}`)
      expect([answer.status, (await jsonOf(answer)).code]).toEqual([404, 'NOT_FOUND'])
      expect((await call(method, `/${id}${rest}`, AGENT)).status).toBe(403)
    },
  )
})

describe('letting a fold go', () => {
  test('takes its snapshots with it, and a second time there is none', async () => {
    const { fold, made } = await story()
    expect((await call('DELETE', `/folds/${made.fold.id}`, AGENT)).status).toBe(403)
    expect((await call('DELETE', `/folds/${made.fold.id}`)).status).toBe(204)
    expect((await call('GET', `/${made.snapshot.id}`)).status).toBe(404)
    expect((await call('DELETE', `/folds/${made.fold.id}`)).status).toBe(404)
    expect(await replay(fold)).toMatchObject({ snapshot: null })
  })
})

const NAMES = [
  ...['../x', '..', '%2e%2e', '%2e%2e%2fx', '..%2f..%2f..%2fetc%2fpasswd', '..%5cx', 'KEPT', 'KEPT.snap', 'quarantine'],
  ...[
    '%00',
    `${'0'.repeat(32)}-${'0'.repeat(16)}%00`,
    `${'0'.repeat(32)}-${'0'.repeat(16)}.snap`,
    '%ff',
    '%',
    '*',
    ' x',
  ],
  ...[
    'A'.repeat(32),
    'x'.repeat(300),
    'x'.repeat(3_000),
    `${'0'.repeat(32)}-${'0'.repeat(15)}`,
    '__proto__',
    'constructor',
  ],
]

test.each(NAMES)('the name %s leads nowhere, and never to the disk', async name => {
  const path = join(server.app.get(Settings, { strict: false }).dataDir, 'snapshots')
  const before = readdirSync(path, { recursive: true })
  const written = name.replace(' ', '%20')
  for (const [method, rest] of [
    ...[
      ['GET', ''],
      ['GET', '/state'],
      ['POST', '/verify'],
      ['POST', '/protect'],
      ['DELETE', '/protect'],
      ['DELETE', ''],
    ],
  ] as [string, string][]) {
    expect([400, 404, 414]).toContain(await raw(method, `/v1/snapshots/${written}${rest}`))
  }
  expect([400, 404, 414]).toContain(await raw('DELETE', `/v1/snapshots/folds/${written}`))
  expect(readdirSync(path, { recursive: true })).toEqual(before)
})
