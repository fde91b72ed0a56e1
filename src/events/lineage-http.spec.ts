// A reader that knows the lineage of a store, asking the store that a restore made of its backup.
import { get } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  ADMIN,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { COMMON, makeRestoredStore, type RestoredStore, ticks } from '../../test/support/restored-store.js'
import { StreamClient } from '../../test/support/stream-client.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { OperationsModule } from '../operations/operations.module.js'
import { WebSocketModule } from '../websocket/websocket.module.js'
import { EventsModule } from './events.module.js'

let folder: string
let stores: RestoredStore
let server: ServerUnderTest

beforeEach(async () => {
  folder = makeTempDirectory()
  stores = await makeRestoredStore(folder)
  server = await startServer([EventsModule, WebSocketModule, OperationsModule], { dataDir: stores.restored })
  await server.store.append({ events: ticks(10), author: { agentId: 'writer' } })
})

afterEach(async () => {
  await server.stop()
  removeTempDirectory(folder)
})

const knowing = (value: string) => ({ headers: { 'lighthouse-lineage': value } })
const call = (path: string, value = stores.known) => server.call(path, knowing(value))
const forked = { status: 409, code: 'LINEAGE_FORKED', fork: COMMON, retryable: false }

test('every answer names the lineage and the epoch, and so do whoami and the welcome', async () => {
  const { id, epoch, ancestors } = server.store.lineage()
  expect(ancestors).toEqual([{ id: stores.known, fork: COMMON }])
  for (const path of ['/v1/events', '/v1/nowhere', '/v1/events/unknown'])
    expect((await server.call(path)).headers.get('lighthouse-lineage')).toBe(`${id}; epoch=${epoch}`)
  expect(await jsonOf(server.call('/v1/whoami'))).toMatchObject({ lineage: id, epoch })
  const client = await StreamClient.open(server.url, { authorization: bearerOf(ADMIN) })
  expect(await client.next('welcome')).toMatchObject({ lineage: id, epoch })
  client.socket.terminate()
})

describe.each([
  ['a page', (position: number) => `/v1/events?after=${position}`],
  ['a page backwards', (position: number) => `/v1/events?order=desc&before=${position + 1}`],
  ['a wait', (position: number) => `/v1/events/wait?timeout=1&after=${position}`],
  ['one event', (position: number) => `/v1/events/${position}`],
])('%s', (_, path) => {
  test('goes on up to the fork, and is refused behind it with where it lies', async () => {
    expect((await call(path(COMMON))).status).toBe(200)
    const refused = await call(path(COMMON + 1))
    expect(await jsonOf(refused)).toMatchObject(forked)
    expect(refused.headers.get('lighthouse-lineage')).toMatch(server.store.lineage().id)
    // Whoever names no lineage, or this one, reads on as ever.
    expect((await server.call(path(COMMON + 1))).status).toBe(200)
    expect((await call(path(COMMON + 1), refused.headers.get('lighthouse-lineage') as string)).status).toBe(200)
  })
})

test('a cursor goes on behind the fork only for a reader of this lineage', async () => {
  const { next } = await jsonOf(server.call(`/v1/events?limit=${COMMON + 2}`))
  const path = `/v1/events?limit=2&cursor=${next}`
  expect(await jsonOf(call(path))).toMatchObject(forked)
  expect((await server.call(path)).status).toBe(200)
})

test('a position that this store has not reached yet is refused as one of another lineage', async () => {
  expect(await jsonOf(call('/v1/events?after=1000'))).toMatchObject(forked)
})

test('a store that has nothing to do with what the reader knows is refused from the first position on', async () => {
  const other = 'f'.repeat(32)
  expect(await jsonOf(call('/v1/events?after=1', other))).toMatchObject({ ...forked, fork: 0 })
  expect((await call('/v1/events?after=0', other)).status).toBe(200)
})

test('a stream of server-sent events that goes on behind the fork is refused', async () => {
  const status = (last: number) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        authorization: bearerOf(ADMIN),
        accept: 'text/event-stream',
        'last-event-id': String(last),
        'lighthouse-lineage': stores.known,
      }
      get(`${server.url}/v1/events`, { headers }, answer => {
        answer.destroy()
        resolve(answer.statusCode)
      }).once('error', reject)
    })
  expect([await status(COMMON), await status(COMMON + 1)]).toEqual([200, 409])
})

test('a lineage that no answer ever named is a mistake', async () => {
  expect(await jsonOf(call('/v1/events?after=1', 'unknown'))).toMatchObject({ status: 400, code: 'INVALID_REQUEST' })
})

test('a subscription goes on up to the fork, and is refused behind it', async () => {
  const client = await StreamClient.open(server.url, { authorization: bearerOf(ADMIN) })
  client.send({ type: 'subscribe', id: 'in common', after: COMMON, lineage: stores.known })
  expect(await client.next('subscribed', 'in common')).toMatchObject({ position: COMMON })
  client.send({ type: 'subscribe', id: 'behind', after: COMMON + 1, lineage: stores.known })
  expect((await client.next('error', 'behind')).problem).toMatchObject(forked)
  client.send({ type: 'subscribe', id: 'of this one', after: COMMON + 1, lineage: server.store.lineage().id })
  await client.next('subscribed', 'of this one')
  client.socket.terminate()
})
