// A server finds a segment damaged and puts it back from its backup; that this is over is for an operator to say.
import fs from 'node:fs'
import { join } from 'node:path'
import { backupStore } from '../../src/backends/embedded/backup-store.js'
import { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import { ModeTransitions } from '../../src/degradation/mode-transitions.service.js'
import { SHARES } from '../../src/degradation/next-mode.js'
import { EventsModule } from '../../src/events/events.module.js'
import { OperationsModule } from '../../src/operations/operations.module.js'
import { DEGRADATION_STREAM } from '../../src/service-streams/held-events.js'
import { OpenStore } from '../../src/storage/open-store.js'
import { AgedStore } from '../support/aged-store.js'
import { jsonOf, type ServerUnderTest, startServer } from '../support/http-server-under-test.js'
import { ManualClock } from '../support/manual-clock.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'

/** The first event of a segment lies behind this byte. */
const RECORD = 4096 + 76 + 36

let server: ServerUnderTest
const place = makeTempDirectory()
const [dataDir, backup] = [join(place, 'data'), join(place, 'backup')]

beforeAll(async () => {
  const aged = await AgedStore.open(undefined, dataDir, new ManualClock(), { allowUnsafeFilesystem: true })
  for (let day = 0; day < 5; day++) await aged.day()
  await aged.store.close()
  await backupStore(dataDir, backup)
})
afterAll(() => removeTempDirectory(place))
afterEach(() => server.stop())

const start = (restoreFrom: string) =>
  startServer([EventsModule, OperationsModule], { dataDir, restoreFrom, archiveAfterDays: 0 })
const mode = async () => (await jsonOf(server.call('/v1/admin/mode'))).mode
const say = (asked: 'NORMAL') => server.call('/v1/admin/mode', { json: { mode: asked, reason: 'I have looked' } })
const append = () => server.call('/v1/events', { json: { type: 'Told', stream: 'orders', data: {} } })

function rotTheFirstSegment(): void {
  const [name = ''] = fs.readdirSync(join(dataDir, 'segments')).filter(file => file.endsWith('.log'))
  const path = join(dataDir, 'segments', name)
  const bytes = fs.readFileSync(path)
  bytes[RECORD + 20] = (bytes[RECORD + 20] as number) ^ 0xff
  fs.writeFileSync(path, bytes)
}

async function tried(): Promise<void> {
  const transitions = server.app.get(ModeTransitions, { strict: false })
  for (let step = 0; step <= SHARES.length; step++) await transitions.tick(transitions.state.trialMs)
}

test('what was damaged is read again, the mode waits for a word, and what was done is written down', async () => {
  server = await start(backup)
  rotTheFirstSegment()
  expect((await server.call('/v1/events/1')).status).toBe(500)
  expect(await mode()).toBe('EMERGENCY')
  await say('NORMAL')
  await tried()
  expect(await mode()).toBe('EMERGENCY')

  const { bare } = server.app.get(OpenStore, { strict: false })
  expect(bare).toBeInstanceOf(EmbeddedStore)
  await (bare as EmbeddedStore).maintenance.pass()
  expect((await server.call('/v1/events/1')).status).toBe(200)
  await tried()
  expect([await mode(), (await append()).status]).toEqual(['EMERGENCY', 503])

  await say('NORMAL')
  await tried()
  expect([await mode(), (await append()).status]).toEqual(['NORMAL', 201])
  const told: unknown[] = []
  const ofTheJournal = { filter: { streams: [DEGRADATION_STREAM], types: ['SegmentRestored'] } }
  for await (const { data } of server.store.read(ofTheJournal)) told.push(data)
  expect(told).toEqual([{ firstPosition: 1, lastPosition: 7 }])
  expect(await (await server.call('/metrics')).text()).toContain('lighthouse_segments_restored_total 1')
  expect(fs.readdirSync(join(dataDir, 'quarantine'))).toEqual([expect.stringContaining('.replaced-')])
})
