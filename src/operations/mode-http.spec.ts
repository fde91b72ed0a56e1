// An operator sees the mode, forces it and releases it; what the service does meanwhile stands in `$degradation`.
import { ADMIN, agent, jsonOf, type ServerUnderTest, startServer } from '../../test/support/http-server-under-test.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { until } from '../../test/support/until.js'
import { StoreError } from '../contract/errors.js'
import type { RecordedEvent } from '../contract/event.js'
import { ModeTransitions } from '../degradation/mode-transitions.service.js'
import { SHARES } from '../degradation/next-mode.js'
import { EventsModule } from '../events/events.module.js'
import { DEGRADATION_STREAM } from '../service-streams/held-events.js'
import { Signals } from '../signals/signals.js'
import { OpenStore } from '../storage/open-store.js'
import { DegradationJournal } from './degradation-journal.service.js'
import { OperationsModule } from './operations.module.js'

const UPKEEP = ['ArchiveRemoved', 'SegmentRestored']

let server: ServerUnderTest
let directory: string
beforeEach(async () => {
  directory = makeTempDirectory()
  server = await start()
})
afterEach(async () => {
  await server.stop()
  removeTempDirectory(directory)
})

const start = () => startServer([EventsModule, OperationsModule], { dataDir: directory })
const mode = () => jsonOf(server.call('/v1/admin/mode'))
const force = (asked: 'NORMAL' | 'WARNING' | 'EMERGENCY', reason = 'the disk is being moved') =>
  server.call('/v1/admin/mode', { json: { mode: asked, reason } })
const append = (more: object = {}, headers: Record<string, string> = {}) =>
  server.call('/v1/events', { json: { type: 'Told', stream: 'orders', data: {}, ...more }, headers })

async function journal(): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = []
  for await (const event of server.store.read({ filter: { streams: [DEGRADATION_STREAM] } })) found.push(event)
  return found
}

/** The alert about the mode waits as well, and is compared with its own stream. */
async function ofTheMode(): Promise<RecordedEvent[]> {
  return (await journal()).filter(({ data }) => data['stream'] !== '$alerts')
}

async function recovered(): Promise<void> {
  const transitions = server.app.get(ModeTransitions, { strict: false })
  for (let step = 0; step <= SHARES.length; step++) await transitions.tick(transitions.state.trialMs)
}

test('a server that is well is in NORMAL, and says so to who may ask', async () => {
  expect(await mode()).toMatchObject({ mode: 'NORMAL', metrics: {}, mitigations: [], admitted: 1 })
  expect((await server.call('/v1/admin/mode', { as: agent('a1') })).status).toBe(403)
  expect((await server.call('/v1/admin/mode', { as: agent('s1', 'system_agent'), json: {} })).status).toBe(403)
})

test('a forced EMERGENCY refuses appends with the mode and a time, and reads go on', async () => {
  expect((await append()).status).toBe(201)
  expect(await jsonOf(force('EMERGENCY'))).toMatchObject({
    mode: 'EMERGENCY',
    cause: 'manual',
    recovery: 'operator',
    reason: 'operator forced it: the disk is being moved',
    admitted: 0,
  })
  const refused = await append()
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('lighthouse-mode')]).toEqual([
    503,
    '5',
    'EMERGENCY',
  ])
  expect(await jsonOf(refused)).toMatchObject({
    code: 'MODE_FORBIDS',
    retryable: true,
    mode: 'EMERGENCY',
    detail: expect.stringContaining('the disk is being moved'),
  })
  expect((await server.call('/v1/events')).status).toBe(200)
})

test('a repeated append is answered in EMERGENCY as it was the first time', async () => {
  const key = { 'idempotency-key': 'k1' }
  const first = await jsonOf(append({}, key))
  await force('EMERGENCY')
  expect(await jsonOf(append({}, key))).toEqual({ ...first, duplicate: true })
  expect((await append({}, { 'idempotency-key': 'k2' })).status).toBe(503)
})

test('what is for the emergency is taken of those who may, and nothing else of theirs', async () => {
  await force('EMERGENCY')
  expect((await append({ type: 'EmergencyOperation' })).status).toBe(201)
  expect((await append({ type: 'Told' })).status).toBe(503)
  const json = { type: 'EmergencyOperation', stream: 'agent_a1', data: {} }
  expect((await server.call('/v1/events', { as: agent('a1'), json })).status).toBe(503)
})

test('a release leads back by trial writes and shares, and all of it is written down', async () => {
  await force('EMERGENCY')
  await force('NORMAL', 'done')
  expect(await mode()).toMatchObject({ mode: 'EMERGENCY' })
  await recovered()
  expect(await mode()).toMatchObject({ mode: 'NORMAL', admitted: 1 })
  expect((await append()).status).toBe(201)
  const events = await journal()
  expect(events.map(({ type, data }) => [type, data['mode'], data['share']])).toEqual([
    ['SystemDegradationDetected', 'EMERGENCY', undefined],
    ...SHARES.map(share => ['DegradationRecovery', 'RECOVERING', share]),
    ['DegradationRecovery', 'RECOVERING', 1],
    ['DegradationRecovery', 'NORMAL', undefined],
  ])
  expect(events[0]?.data).toMatchObject({
    degradationLevel: 'emergency',
    triggerReason: 'manual',
    affectedComponents: ['operator'],
    mitigationActions: ['appends_refused', 'reads_go_on', 'background_work_rests'],
    estimatedRecoveryTime: null,
  })
})

test('a warning is shown and written down, and takes every append', async () => {
  await force('WARNING')
  const answer = await append()
  expect([answer.status, answer.headers.get('lighthouse-mode')]).toEqual([201, 'WARNING'])
  await force('NORMAL')
  expect((await append()).headers.get('lighthouse-mode')).toBeNull()
  expect((await journal()).map(({ data }) => data['mode'])).toEqual(['WARNING', 'NORMAL'])
})

test('what was forced stays forced over a restart, until it is released', async () => {
  await force('EMERGENCY')
  await server.stop()
  server = await start()
  expect(await mode()).toMatchObject({ mode: 'EMERGENCY', cause: 'manual' })
  expect((await append()).status).toBe(503)
  await force('NORMAL')
  await recovered()
  await server.stop()
  server = await start()
  expect(await mode()).toMatchObject({ mode: 'NORMAL' })
})

test('an operator who says that it is over ends the wait for what came back', async () => {
  const signals = server.app.get(Signals, { strict: false })
  const transitions = server.app.get(ModeTransitions, { strict: false })
  const memory = (level: 'critical' | 'ok') =>
    signals.tell({ cause: 'memory', level, detail: 'it is short', metrics: {} })
  memory('critical')
  memory('ok')
  await transitions.tick(transitions.state.trialMs)
  memory('critical')
  memory('ok')
  const soonMs = transitions.state.sinceMs + 6_000
  await transitions.tick(soonMs)
  expect(await mode()).toMatchObject({ mode: 'EMERGENCY' })
  await force('NORMAL', 'the neighbour is gone')
  await transitions.tick(soonMs)
  expect(await mode()).toMatchObject({ mode: 'RECOVERING' })
})

test('what the store did to its files is written down, and says nothing of the mode', async () => {
  await force('EMERGENCY')
  const { observer } = server.app.get(OpenStore, { strict: false }).upkeep
  const positions = { firstPosition: 1, lastPosition: 7 }
  observer.cleanedUp?.({ name: 'seg-1.zst', ...positions })
  observer.restored?.({ name: 'seg-1.log', ...positions, kept: null })
  const told = await until(async () => {
    const events = (await journal()).filter(({ type }) => UPKEEP.includes(type))
    return events.length === UPKEEP.length && events
  })
  expect(told.map(({ type, data }) => [type, data])).toEqual([
    ['ArchiveRemoved', positions],
    ['SegmentRestored', positions],
  ])
  await server.stop()
  server = await start()
  expect(await mode()).toMatchObject({ mode: 'EMERGENCY', cause: 'manual' })
})

test('an EMERGENCY whose cause is over ends after a restart by trial writes', async () => {
  const signals = server.app.get(Signals, { strict: false })
  signals.tell({ cause: 'memory', level: 'critical', detail: 'memory is short', metrics: { memory_used_ratio: 0.97 } })
  expect((await append()).status).toBe(503)
  expect(await mode()).toMatchObject({ cause: 'memory', recovery: 'itself', metrics: { memory_used_ratio: 0.97 } })
  await server.stop()
  server = await start()
  expect(await mode()).toMatchObject({ mode: 'EMERGENCY', cause: 'memory' })
  await recovered()
  expect(await mode()).toMatchObject({ mode: 'NORMAL' })
})

test('what an event of a degradation says of it was measured: what is done, how long it took, and will take', async () => {
  const signals = server.app.get(Signals, { strict: false })
  const transitions = server.app.get(ModeTransitions, { strict: false })
  const tell = (level: 'ok' | 'critical') =>
    signals.tell({ cause: 'memory', level, detail: 'memory is short', metrics: { memory_used_ratio: 0.97 } })
  const shortOfMemory = ['appends_refused', 'reads_go_on', 'background_work_rests', 'batches_and_caches_shrunk']
  tell('critical')
  expect((await mode()).mitigations).toEqual([...shortOfMemory, 'live_projections_rest'])
  tell('ok')
  const begun = transitions.state.sinceMs
  for (const minutes of [1, 2, 3, 4]) await transitions.tick(begun + minutes * 60_000)
  expect(await mode()).toMatchObject({ mode: 'NORMAL', mitigations: [] })
  tell('critical')
  await server.app.get(DegradationJournal, { strict: false }).settle()
  const changes = (await journal()).filter(({ data }) => data['from'] !== undefined).map(({ data }) => data)
  expect(changes).toMatchObject([
    { mode: 'EMERGENCY', estimatedRecoveryTime: 35, triggerMetrics: { memory_used_ratio: 0.97 } },
    { mode: 'NORMAL', emergencySeconds: 240, trialMs: expect.any(Number), estimatedRecoveryTime: 0 },
    { mode: 'EMERGENCY', estimatedRecoveryTime: 240, relapses: 1 },
  ])
})

test.each([
  ['no mode', { reason: 'x' }],
  ['a mode that nobody can force', { mode: 'RECOVERING', reason: 'x' }],
  ['no reason', { mode: 'NORMAL' }],
])('%s is refused, and nothing changes', async (_, json) => {
  const answer = await server.call('/v1/admin/mode', { json, as: ADMIN })
  expect([answer.status, (await jsonOf(answer)).code]).toEqual([400, 'INVALID_REQUEST'])
  expect(await mode()).toMatchObject({ mode: 'NORMAL' })
})

test('what waited in memory is written once, with when it happened and what came of comparing it', async () => {
  const stored = server.store.append.bind(server.store)
  // The append is stored, but its answer is lost.
  server.store.append = async (...asked) => {
    await stored(...asked)
    throw new StoreError('INDETERMINATE', 'the disk did not answer')
  }
  await force('EMERGENCY')
  await until(async () => (await journal()).length > 0)
  server.store.append = stored
  await force('NORMAL')
  await recovered()
  const written = await ofTheMode()
  expect(written.map(({ type }) => type).slice(0, 3)).toEqual([
    'SystemDegradationDetected',
    'ReconciliationResult',
    'DegradationRecovery',
  ])
  expect(written[0]).toMatchObject({ occurredAt: expect.any(String), data: { mode: 'EMERGENCY' } })
  expect(written[1]?.data).toEqual({
    stream: '$degradation',
    eventsRecovered: 0,
    alreadyStored: 1,
    conflictsResolved: 0,
    conflicts: [],
    lost: [],
    outOfStep: [],
  })
})

test('a start goes by the last change of the mode, whatever else was written behind it', async () => {
  const stored = server.store.append.bind(server.store)
  server.store.append = () => Promise.reject(new StoreError('DISK_FULL', 'the disk is full'))
  await force('WARNING')
  await force('EMERGENCY')
  server.store.append = stored
  await server.app.get(DegradationJournal, { strict: false }).settle()
  expect((await ofTheMode()).map(({ type }) => type)).toEqual([
    'SystemDegradationDetected',
    'SystemDegradationDetected',
    'ReconciliationResult',
  ])
  await server.stop()
  server = await start()
  expect(await mode()).toMatchObject({ mode: 'EMERGENCY', cause: 'manual' })
})
