// Retention under every failure: what is gone is below the floor, what is above it is all there, and the chain still proves it.
import { expect, test } from '@jest/globals'
import { AgedStore, agedDisk, EVENTS_A_DAY, operationsOfOnePass } from '../../../../../test/support/aged-store.js'
import type { CrashMode, FakeDisk } from '../../../../../test/support/fake-disk.js'
import { YEAR } from '../../../../../test/support/manual-clock.js'
import { repairStore } from '../../verify-store.js'

const DAYS = 9
const aged = await agedDisk(DAYS)
const RULES = { archiveAfterDays: 2, retainArchivesDays: 5 }

const open = (disk: FakeDisk, options: object = RULES) => AgedStore.open(disk, '/data', aged.clock, options)
const below = (disk: FakeDisk, position: number) =>
  disk.files().filter(path => Number(/seg-(\d{16})/.exec(path)?.[1] ?? Number.POSITIVE_INFINITY) < position)

/** All that may be archived is; nothing is retired yet. */
async function archivedDisk(): Promise<FakeDisk> {
  const disk = aged.disk.clone()
  const held = await open(disk, { archiveAfterDays: 2 })
  while (await held.store.maintenance.pass());
  await held.store.close()
  return disk
}

const printed = (event: string): { stream: string; revision: number } => JSON.parse(event)

const archived = await archivedDisk()

test('nothing is retired unless it is asked for', async () => {
  const held = await open(archived.clone(), {})
  for (let pass = 0; pass < 3; pass++) await held.store.maintenance.pass()
  expect(held.told.retired).toEqual([])
  await held.store.close()
})

test('the oldest archives go, one with each pass, and the log begins where the floor says', async () => {
  const disk = archived.clone()
  const held = await open(disk)
  await held.store.maintenance.pass()
  expect(held.told.retired).toEqual([expect.stringMatching(/^seg-0{15}1-.*\.zst$/)])
  expect(held.store.status().first).toBe(EVENTS_A_DAY + 1)
  for (let pass = 0; pass < DAYS; pass++) await held.store.maintenance.pass()
  const first = held.store.status().first
  expect(first).toBe(held.told.retired.length * EVENTS_A_DAY + 1)
  expect(held.told.retired.length).toBeGreaterThan(1)
  expect(below(disk, first)).toEqual([])
  expect(await held.events()).toEqual(aged.events.slice(first - 1))
  expect(await held.store.find(1)).toBeUndefined()
  await held.day()
  await held.store.close()
  const again = await open(disk, {})
  expect(again.store.status()).toMatchObject({ first, damaged: [], write: { writable: true } })
  expect((await again.events()).slice(0, -EVENTS_A_DAY)).toEqual(aged.events.slice(first - 1))
  await again.store.close()
})

test('a clock that jumps ahead retires no more than the log bears out, and never the newest two', async () => {
  const disk = archived.clone()
  const held = await open(disk)
  aged.clock.move(10n * YEAR)
  for (let pass = 0; pass < 3 * DAYS; pass++) await held.store.maintenance.pass()
  aged.clock.move(-10n * YEAR)
  expect(held.told.retired.length).toBeLessThanOrEqual(DAYS - 5)
  await held.store.close()
  const eager = await open(disk, { archiveAfterDays: 1e-9, retainArchivesDays: 1e-9 })
  for (let pass = 0; pass < 3 * DAYS; pass++) await eager.store.maintenance.pass()
  const { first, head } = eager.store.status()
  // Two sealed ones, and the one being written.
  expect(head - first + 1).toBe(3 * EVENTS_A_DAY)
  expect(await eager.events()).toEqual(aged.events.slice(first - 1))
  await eager.store.close()
})

test('a reader whose segment is retired goes on behind the floor, and says nothing of damage', async () => {
  for (const request of [{}, { filter: { types: ['day.logged'] } }]) {
    const held = await open(archived.clone())
    const positions: number[] = []
    for await (const event of held.store.read(request)) {
      positions.push(event.position)
      if (positions.length === 3) for (let pass = 0; pass < DAYS; pass++) await held.store.maintenance.pass()
    }
    expect(held.told.retired.length).toBeGreaterThan(1)
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
    const { first, head } = held.store.status()
    expect(positions.filter(position => position >= first)).toHaveLength(head - first + 1)
    expect(held.told.damaged).toEqual([])
    await held.store.close()
  }
})

test('a floor that the kept segments do not continue removes nothing', async () => {
  const disk = archived.clone()
  const held = await open(disk)
  await held.store.maintenance.pass()
  await held.store.close()
  const floor = disk.bytes('/data/FLOOR')
  const stranger = (await agedDisk(4)).disk
  const before = stranger.files()
  stranger.put('/data/FLOOR', floor)
  const opened = await AgedStore.open(stranger, '/data', aged.clock, RULES)
  expect(opened.store.status().write).toMatchObject({ writable: false, reason: 'corrupt' })
  await opened.store.close()
  for (const path of before.filter(name => name.endsWith('.log'))) expect(stranger.files()).toContain(path)
})

/** Either not begun or done: never in between, and nothing above the floor touched. */
async function expectWhole(disk: FakeDisk): Promise<void> {
  const left = await open(disk, { archiveAfterDays: 0 })
  const { first } = left.store.status()
  expect([1, EVENTS_A_DAY + 1]).toContain(first)
  expect(left.store.status()).toMatchObject({ write: { writable: true }, damaged: [] })
  expect(below(disk, first)).toEqual([])
  expect(disk.files().filter(path => path.endsWith('.tmp'))).toEqual([])
  expect(await left.events()).toEqual(aged.events.slice(first - 1))
  await left.store.close()
}

const measured = archived.clone()
const operations = await operationsOfOnePass(measured, await open(measured))

test.each<CrashMode>(['lose-all', 'keep-all', 'random'])('the power may go at any operation (%s)', async mode => {
  let deaths = 0
  for (let at = 1; at <= operations; at++) {
    const disk = archived.clone()
    const held = await open(disk)
    disk.arm({ dieAt: at })
    await held.store.maintenance.pass()
    held.abandon()
    deaths += disk.powered ? 0 : 1
    await expectWhole(disk.afterCrash(at, mode))
  }
  expect(deaths).toBe(operations)
})

test.each(['EIO', 'ENOSPC', 'short', 'EMFILE'])('any operation may fail (%s)', async code => {
  let faults = 0
  for (let at = 1; at <= operations; at++) {
    const disk = archived.clone()
    const held = await open(disk)
    disk.arm({ failAt: at, code })
    await held.store.maintenance.pass()
    disk.heal()
    faults += disk.faultsDelivered
    const { first } = held.store.status()
    expect(await held.events()).toEqual(aged.events.slice(first - 1))
    await held.store.close().catch(() => undefined)
    await expectWhole(disk.afterCrash(at, 'lose-all'))
  }
  expect(faults).toBeGreaterThan(0)
})

test('a stream whose events are all gone goes on where it stood, after a restart as well', async () => {
  const disk = archived.clone()
  const held = await open(disk)
  const before = new Map<string, number>()
  for (const { stream, revision } of aged.events.map(printed))
    before.set(stream, Math.max(before.get(stream) ?? -1, revision))
  for (let pass = 0; pass < DAYS; pass++) await held.store.maintenance.pass()
  const kept = new Set((await held.events()).map(event => printed(event).stream))
  const gone = [...before.keys()].filter(stream => !kept.has(stream))
  expect(gone).not.toEqual([])
  await held.store.close()
  const again = await open(disk, {})
  for (const stream of gone) {
    const revision = before.get(stream) as number
    expect(await again.store.stream(stream)).toMatchObject({ stream, revision })
    const request = { author: { agentId: 'late' }, events: [{ type: 'Resumed', stream, data: {} }] }
    await expect(
      again.store.append({ ...request, expectations: [{ stream, expectedRevision: 'none' }] }),
    ).rejects.toMatchObject({ code: 'REVISION_CONFLICT' })
    const { events } = await again.store.append({ ...request, expectations: [{ stream, expectedRevision: revision }] })
    expect(events[0]?.revision).toBe(revision + 1)
  }
  await again.store.close()
})

test('a damaged segment that an operator has accepted does not hold up the others, though no start reads it any more', async () => {
  const disk = aged.disk.clone()
  disk.flip(disk.files().find(path => path.endsWith('.log')) as string, 4096 + 76 + 36 + 40)
  expect(await repairStore('/data', { disk, apply: true })).toMatchObject({ applied: true, lost: 1 })
  const held = await open(disk)
  for (let pass = 0; pass < DAYS; pass++) await held.store.maintenance.pass()
  expect(held.told.retired.slice(0, 2)).toEqual([
    expect.stringMatching(/^seg-0{15}1-.*\.log$/),
    expect.stringMatching(/^seg-0{15}8-.*\.zst$/),
  ])
  expect(held.store.status().write).toEqual({ writable: true })
  await held.store.close()
})
