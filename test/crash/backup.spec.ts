// The power goes at every operation of a backup and of a restore: the last complete backup stays, and the next run completes.
import { expect, test } from '@jest/globals'
import { backupStore, restoreStore } from '../../src/backends/embedded/backup-store.js'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import { AgedStore, EVENTS_A_DAY } from '../support/aged-store.js'
import { SEED, SOAK, stride, tell } from '../support/effort.js'
import { type CrashMode, FakeDisk } from '../support/fake-disk.js'
import type { Fault } from '../support/fault-plan.js'
import { ManualClock } from '../support/manual-clock.js'
import { cataloguedCode, must } from './ack-journal.js'
import { everything, openTiny } from './tiny-store.js'

const DATA = '/data'
const BACKUP = '/backup'
const RESTORED = '/restored'
const MODES: readonly CrashMode[] =
  SOAK > 0 ? ['lose-all', 'random', 'keep-all', 'kill'] : ['lose-all', 'random', 'kill']
const FAULTS = ['EIO', 'ENOSPC', 'short', 'EMFILE']

interface Prepared {
  readonly disk: FakeDisk
  /** The heads a backup may hold after an interruption; 0 stands for none. */
  readonly before: number
  readonly after: number
}

/** A store with archives and plain segments, killed while it was written to, and perhaps an older backup of it. */
async function prepared(withBackup: boolean): Promise<Prepared> {
  const disk = new FakeDisk({ directories: ['/'], seed: SEED })
  const clock = new ManualClock()
  const aged = await AgedStore.open(disk, DATA, clock)
  const days = async (count: number) => {
    for (let day = 0; day < count; day++) await aged.day()
    while (await aged.store.maintenance.pass());
  }
  await days(9)
  if (withBackup) await backup(disk)
  await days(withBackup ? 2 : 0)
  const after = aged.store.head()
  return { disk: disk.afterCrash(SEED, 'kill'), before: withBackup ? after - 2 * EVENTS_A_DAY : 0, after }
}

const backup = (disk: FakeDisk) => backupStore(DATA, BACKUP, { disk, proofMs: 0 })
const restore = (disk: FakeDisk, verify = true) => restoreStore(BACKUP, RESTORED, { disk, verify })

async function restoredHead(disk: FakeDisk): Promise<number> {
  try {
    const { restored, verified, manifest } = await restore(disk)
    must(restored && verified?.clean === true, () => `restored: ${JSON.stringify(verified?.findings)}`)
    return manifest.head.position
  } catch (error) {
    must(String(error).includes('no complete backup'), () => String(error))
    return 0
  }
}

async function completes({ after }: Prepared, disk: FakeDisk): Promise<void> {
  const { manifest } = await backup(disk)
  const copies = disk.files().filter(path => path.startsWith(`${BACKUP}/files/`))
  must(copies.length === manifest.files.length, () => `left over: ${copies.length} of ${manifest.files.length}`)
  const head = await restoredHead(disk.clone().afterCrash(SEED, 'lose-all'))
  must(head === after, () => `the head is ${head} instead of ${after}`)
}

interface Counts {
  operations: number
  struck: number
  finished: number
}

interface Trial {
  faultAt(at: number): Fault
  readonly step: number
  work(disk: FakeDisk): Promise<unknown>
  /** What holds afterwards; `refused` is the code the work ended with, if it did. */
  check(disk: FakeDisk, refused: string | undefined): Promise<void>
}

/** Strikes each operation of the work in turn, until it ends without being struck. */
async function strikeEach(from: FakeDisk, { faultAt, step, work, check }: Trial): Promise<Counts> {
  const counts = { operations: 0, struck: 0, finished: 0 }
  for (let at = 1; ; at += step) {
    const disk = from.clone()
    disk.arm(faultAt(at))
    try {
      const refused = await work(disk).then(
        () => undefined,
        error => (disk.powered ? cataloguedCode(error) : 'power'),
      )
      if (disk.faultsDelivered === 0) return counts
      if (refused === undefined) counts.finished++
      disk.heal()
      await check(disk, refused)
    } catch (error) {
      throw new Error(`struck at operation ${at}, SEED=${SEED}\n${disk.story(12)}`, { cause: error })
    }
    counts.operations = at
    counts.struck++
  }
}

const dying = (offset: number): Pick<Trial, 'faultAt' | 'step'> => ({
  faultAt: at => ({ dieAt: at + (offset % stride(3, 6)) }),
  step: stride(3, 6),
})
const failing = (code: string): Pick<Trial, 'faultAt' | 'step'> => ({
  faultAt: at => ({ failAt: at, code }),
  step: stride(1, 2),
})

test.each([false, true])(
  'a backup, where there is an older one: %s',
  async withBackup => {
    const story = await prepared(withBackup)
    for (const [at, mode] of MODES.entries()) {
      const check = async (disk: FakeDisk) => {
        const left = disk.afterCrash(SEED + at, mode)
        const head = await restoredHead(left.clone())
        must(head === story.before || head === story.after, () => `the backup holds ${head}`)
        await completes(story, left)
      }
      const counts = await strikeEach(story.disk, { ...dying(at), work: backup, check })
      tell(`power loss in a backup, ${mode}`, { ...counts })
      expect(counts.struck).toBeGreaterThan(20)
    }
  },
  3_600_000,
)

const failure = async (code: string) => {
  const story = await prepared(true)
  const check = async (disk: FakeDisk) => {
    const head = await restoredHead(disk.clone().afterCrash(SEED, 'lose-all'))
    must(head === story.before || head === story.after, () => `the backup holds ${head}`)
    await completes(story, disk)
  }
  const counts = await strikeEach(story.disk, { ...failing(code), work: backup, check })
  tell(`failures in a backup, ${code}`, { ...counts })
  expect(counts.struck).toBeGreaterThan(2)
}

test.each(FAULTS)('a backup when the disk fails it with %s', failure, 3_600_000)

/** A server started on what an interrupted restore left writes nothing, unless all of it is there, or nothing at all. */
async function isSafeToStart(disk: FakeDisk, whole: number): Promise<void> {
  const begun = disk.files().some(path => /^\/restored\/(CURRENT|RESTORING|segments\/.*|archive\/.*)$/.test(path))
  const store = await openTiny(disk, new ManualClock(), { directory: RESTORED })
  const { write } = store.status()
  const events = write.writable ? (await everything(store)).length : 0
  await store.close()
  must(!write.writable || events === whole || !begun, () => `a server would go on from ${events} of ${whole} events`)
}

test('a restore', async () => {
  const story = await prepared(true)
  await backup(story.disk)
  for (const [at, mode] of MODES.entries()) {
    const check = async (disk: FakeDisk) => {
      const left = disk.afterCrash(SEED + at, mode)
      await isSafeToStart(left.clone(), story.after)
      const again = left.files().some(path => path === `${RESTORED}/RESTORING`) || !hasSegments(left)
      if (again) must((await restoredHead(left)) === story.after, () => 'the next restore does not complete')
    }
    const counts = await strikeEach(story.disk, { ...dying(at), work: disk => restore(disk, false), check })
    tell(`power loss in a restore, ${mode}`, { ...counts })
    expect(counts.struck).toBeGreaterThan(20)
  }
  await restore(story.disk)
  const store = await openTiny(story.disk.afterCrash(SEED, 'lose-all'), new ManualClock(), { directory: RESTORED })
  expect((await everything(store)).length).toBe(story.after)
}, 3_600_000)

function hasSegments(disk: FakeDisk): boolean {
  return disk.files().some(path => path.startsWith(`${RESTORED}/segments/`))
}

const failureOfRestore = async (code: string) => {
  const story = await prepared(true)
  await backup(story.disk)
  const check = async (disk: FakeDisk, refused: string | undefined) => {
    await isSafeToStart(disk.clone().afterCrash(SEED, 'lose-all'), story.after)
    const unfinished = disk.files().some(path => path === `${RESTORED}/RESTORING`)
    must(refused !== undefined || !unfinished, () => 'it was called finished')
    if (unfinished) must((await restoredHead(disk)) === story.after, () => 'the next restore does not complete')
  }
  const counts = await strikeEach(story.disk, { ...failing(code), work: disk => restore(disk, false), check })
  tell(`failures in a restore, ${code}`, { ...counts })
  expect(counts.struck).toBeGreaterThan(2)
}

test.each(FAULTS)('a restore when the disk fails it with %s', failureOfRestore, 3_600_000)

/** A store that is written to, archives and retires without a pause, for as long as `work` takes. */
async function meanwhile<T>(aged: AgedStore, work: () => Promise<T>): Promise<T> {
  let working = true
  const living = (async () => {
    while (working) {
      await aged.day()
      await aged.store.maintenance.pass()
    }
  })()
  try {
    return await work()
  } finally {
    working = false
    await living.catch(() => undefined)
  }
}

const BUSY: Partial<EmbeddedOptions> = { archiveAfterDays: 2, retainArchivesDays: 5 }

test('backups of a store that rotates, archives and retires meanwhile hold all that was acknowledged when they began', async () => {
  const counts = { backups: 0, events: 0, archived: 0, retired: 0 }
  for (let seed = SEED; seed < SEED + 4 * Math.max(1, SOAK); seed++) {
    const disk = new FakeDisk({ directories: ['/'], seed, shuffle: true })
    const clock = new ManualClock()
    const aged = await AgedStore.open(disk, DATA, clock, BUSY)
    await meanwhile(aged, async () => {
      for (let round = 0; round < 6; round++) {
        const acknowledged = aged.store.head()
        const { manifest } = await backupStore(DATA, BACKUP, { disk, proofMs: round % 2 === 0 ? 0 : 10_000 })
        must(manifest.head.position >= acknowledged, () => `${manifest.head.position} of ${acknowledged}`)
        const to = `/restored-${round}`
        const { verified } = await restoreStore(BACKUP, to, { disk, verify: true })
        must(verified?.clean === true, () => JSON.stringify(verified?.findings))
        must(verified.head === manifest.head.position && verified.chain === manifest.head.chain, () => 'another head')
        must(verified.first === manifest.first, () => `it begins at ${verified.first} instead of ${manifest.first}`)
        counts.backups++
        counts.events += verified.events
      }
    })
    counts.archived += aged.told.archived.length
    counts.retired += aged.told.retired.length
    await aged.store.close()
  }
  tell('backups of a busy store', counts)
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0)
}, 3_600_000)

test('what a power loss takes from the store is in no backup', async () => {
  const counts = { losses: 0, backups: 0 }
  const last = 600
  for (let dieAt = 40; dieAt < last; dieAt += stride(7, 15)) {
    const disk = new FakeDisk({ directories: ['/'], seed: SEED + dieAt, shuffle: true })
    const clock = new ManualClock()
    const aged = await AgedStore.open(disk, DATA, clock, BUSY)
    for (let day = 0; day < 3; day++) await aged.day()
    await backup(disk)
    disk.arm({ dieAt })
    await meanwhile(aged, async () => {
      while (disk.powered) {
        const done = await backup(disk).catch(error => disk.powered && cataloguedCode(error))
        if (typeof done === 'object') counts.backups++
      }
    })
    counts.losses++
    const left = disk.afterCrash(SEED + dieAt, 'lose-all')
    const next = await AgedStore.open(left, DATA, clock, BUSY)
    await next.day()
    const { manifest } = await backup(left)
    must(manifest.head.position === next.store.head(), () => 'the backup does not go on')
    must((await restoredHead(left)) === next.store.head(), () => 'the restored head is another')
    await next.store.close()
  }
  tell('power losses under backups', counts)
  expect(counts.losses).toBeGreaterThan(30)
  expect(counts.backups).toBeGreaterThan(0)
}, 3_600_000)
