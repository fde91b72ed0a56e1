// A heap snapshot holds secrets: it is a file for the owner alone, made on request, and never served or backed up.
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { agent, jsonOf, type ServerUnderTest, startServer } from '../../../test/support/http-server-under-test.js'
import { makeTempDirectory, removeTempDirectory } from '../../../test/support/temp-directory.js'
import { until } from '../../../test/support/until.js'
import { EventsModule } from '../../events/events.module.js'
import { Signals } from '../../signals/signals.js'
import { OperationsModule } from '../operations.module.js'
import { HeapSnapshots } from './heap-snapshots.service.js'

const path = '/v1/admin/heap-snapshot'
let directory: string
let server: ServerUnderTest
beforeAll(async () => {
  directory = makeTempDirectory()
  const more = { dataDir: directory, heapSnapshotOnLeak: true }
  server = await startServer([EventsModule, OperationsModule], more)
  // The heap of a test is ten times that of a server; a real one is written in test/openapi/every-operation.spec.ts.
  server.app.get(HeapSnapshots, { strict: false }).write = file => writeFileSync(file, '{"snapshot":')
})
afterAll(async () => {
  await server.stop()
  removeTempDirectory(directory)
})

const folder = () => join(directory, '.heap')
const files = () => readdirSync(folder())
const leak = (level: 'ok' | 'warning') =>
  server.app.get(Signals, { strict: false }).tell({ cause: 'memory_leak', level, detail: 'it grows', metrics: {} })

test('with less free memory than twice the heap it is refused', async () => {
  const snapshots = server.app.get(HeapSnapshots, { strict: false })
  const { memory } = snapshots
  snapshots.memory = async () => ({ freeBytes: 199, heapBytes: 100 })
  const refused = await server.call(path, { method: 'POST' })
  snapshots.memory = memory
  expect(refused.status).toBe(409)
  expect(await jsonOf(refused)).toMatchObject({ code: 'MEMORY_SHORT', detail: expect.stringContaining('199 bytes') })
})

test('a leak makes one by itself where that is configured, and a second one a day later', async () => {
  const snapshots = server.app.get(HeapSnapshots, { strict: false })
  leak('warning')
  await until(() => files().length === 1 && statSync(join(folder(), files()[0] as string)).size > 0)
  await snapshots.takeByItself()
  expect(files()).toHaveLength(1)
  const [first] = files() as [string]
  const dayBefore = Date.now() / 1_000 - 86_401
  utimesSync(join(folder(), first), dayBefore, dayBefore)
  await snapshots.takeByItself()
  expect(files()).toHaveLength(2)
})

test('an operator gets a name and a size; the file is for the owner alone, and who asked is written down', async () => {
  expect((await server.call(path, { method: 'POST', as: agent('s1', 'system_agent') })).status).toBe(403)
  const answer = await server.call(path, { method: 'POST' })
  expect(answer.status).toBe(201)
  const { name, bytes } = await jsonOf(answer)
  const file = join(folder(), name)
  expect([statSync(file).size, statSync(file).mode & 0o777, statSync(folder()).mode & 0o777]).toEqual([
    bytes,
    0o600,
    0o700,
  ])
  const { events } = await jsonOf(server.call('/v1/events?stream=$security&type=heap.snapshot'))
  expect(events.at(-1).data).toEqual({ name, bytes, by: 'operator' })
  expect((await server.call(`${path}/${name}`)).status).toBe(404)
})
