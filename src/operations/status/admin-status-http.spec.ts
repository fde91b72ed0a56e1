// What an operator is told of who leads: measured at the moment of the question.
import fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { agent, jsonOf, type ServerUnderTest, startServer } from '../../../test/support/http-server-under-test.js'
import { COMMON, makeRestoredStore, type RestoredStore } from '../../../test/support/restored-store.js'
import { makeTempDirectory, removeTempDirectory } from '../../../test/support/temp-directory.js'
import { until } from '../../../test/support/until.js'
import { OperationsModule } from '../operations.module.js'

let folder: string
let stores: RestoredStore
let server: ServerUnderTest

beforeEach(async () => {
  folder = makeTempDirectory()
  stores = await makeRestoredStore(folder)
  server = await startServer([OperationsModule], { dataDir: stores.restored })
})

afterEach(async () => {
  await server.stop()
  removeTempDirectory(folder)
})

const status = () => jsonOf(server.call('/v1/admin/status'))

test('the owner of a restored store leads, of its own lineage', async () => {
  const { id, epoch, epochSince, since } = server.store.lineage()
  const answer = await status()
  expect(answer).toMatchObject({
    lineage: { id, since, ancestors: [{ id: stores.known, fork: COMMON }] },
    epoch,
    role: 'leader',
    since: epochSince,
    writable: true,
    head: server.store.head(),
    quorum: { nodes: 1, needed: 1, present: 1 },
    partition: { from: [], listening: true },
  })
  expect(answer.partition.connections).toBeGreaterThanOrEqual(1)
})

test('a process whose lock was taken is fenced, before it has tried to append', async () => {
  const lock = join(stores.restored, 'LOCK')
  fs.writeFileSync(`${lock}.thief`, '{}')
  fs.renameSync(`${lock}.thief`, lock)
  expect(await status()).toMatchObject({
    role: 'fenced',
    writable: false,
    reason: 'lost_ownership',
    quorum: { present: 0 },
  })
})

test('a server whose storage is gone does not know who leads, and is cut off from it', async () => {
  const away = join(folder, 'away')
  fs.renameSync(stores.restored, away)
  await until(async () => (await status()).role === 'unknown')
  expect((await status()).partition.from).toEqual(['storage'])
  fs.renameSync(away, stores.restored)
  await until(async () => (await status()).role === 'leader')
})

test('it needs admin.read', async () => {
  expect((await server.call('/v1/admin/status', { as: agent('ada') })).status).toBe(403)
})
