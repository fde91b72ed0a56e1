// The faults a machine really makes: full disks, no descriptors left, owners that wake up late, directories that cannot be written.
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import { stride } from '../support/effort.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import type { HogReport } from './descriptor-hog.js'
import { FullDiskTrial, type Trial } from './full-disk-trial.js'
import { KillRecord } from './kill-record.js'
import { SmallVolume } from './small-volume.js'
import { everything } from './tiny-store.js'
import { commandFor, Writer } from './writer.js'
import { requestOf, type WriterOrders } from './writer-reports.js'

const onLinux = process.platform === 'linux'
const volume = SmallVolume.mount(8 * 1024 * 1024)
const mounted = typeof volume === 'string' ? undefined : volume
const noVolume = typeof volume === 'string' ? ` (skipped: ${volume})` : ''
const limited = onLinux && existsSync('/usr/bin/prlimit')
const noLimits = limited ? '' : ' (skipped: there is no prlimit here)'
const inMemory = onLinux && existsSync('/dev/shm') && statfsSync('/dev/shm').type === 0x01021994
const noMemory = inMemory ? '' : ' (skipped: /dev/shm is no tmpfs here)'
// skip: no volume can be mounted here; the names of the tests say why
const onVolume = mounted === undefined ? test.skip : test
// skip: there is no prlimit here
const withLimits = limited ? test : test.skip
// skip: there is no file system in memory here
const withMemory = inMemory ? test : test.skip

const writers: Writer[] = []
let directory = ''

beforeEach(() => {
  directory = makeTempDirectory()
})

afterEach(async () => {
  await Promise.all(writers.splice(0).map(writer => writer.kill()))
  removeTempDirectory(directory)
})

afterAll(() => mounted?.unmount())

function aWriter(orders: Partial<WriterOrders>, wrapped: readonly string[] = []): Writer {
  const usual = {
    directory,
    name: 'first',
    seed: 1,
    options: {},
    writers: 2,
    largest: 2_000,
    largeShare: 0.1,
    waits: false,
  }
  const writer = new Writer({ ...usual, ...orders }, { wrapped })
  writers.push(writer)
  return writer
}

function openHere(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedStore> {
  return openEmbedded({ directory, nodeId: 'n2', ...options })
}

async function refusalOf(opening: Promise<EmbeddedStore>): Promise<{ code: string; message: string }> {
  try {
    await (await opening).close()
  } catch (error) {
    return error as { code: string; message: string }
  }
  return { code: 'opened', message: '' }
}

describe('a disk that fills up', () => {
  const KIB = 1_024

  onVolume(
    `rejects what finds no room, keeps the rest, and goes on once there is room${noVolume}`,
    async () => {
      const trials: Trial[] = []
      for (let nth = 0; nth < 28; nth += stride(1, 4)) {
        const free = nth < 14 ? nth * 3 * KIB : nth * 8 * KIB
        trials.push(await new FullDiskTrial(mounted as SmallVolume, nth).runOn(free))
      }
      tell('filled under a running store', trials)
    },
    90_000,
  )

  onVolume(
    `can be started on while it is full, or says so in a word of the catalogue${noVolume}`,
    async () => {
      const trials: Trial[] = []
      for (let nth = 0; nth < 12; nth += stride(1, 3))
        trials.push(await new FullDiskTrial(mounted as SmallVolume, 100 + nth).restartOn(nth * 5 * KIB))
      tell('started on a full disk', trials)
      for (const { openedFull } of trials) expect(openedFull).toMatch(/^DISK_FULL$|^opens, then (stored|DISK_FULL)$/)
    },
    90_000,
  )

  function tell(what: string, trials: readonly Trial[]): void {
    const sum = (count: (trial: Trial) => number) => trials.reduce((all, trial) => all + count(trial), 0)
    const ways = [...new Set(trials.flatMap(({ openedFull = [] }) => openedFull))].join(' | ')
    const counts = `${sum(trial => trial.stored)} events stored, ${sum(trial => trial.rejected)} appends rejected`
    console.log(`${what}: ${trials.length} sizes, ${counts} ${ways}`)
  }

  withLimits(`is no different when it is the size of a file that is limited${noLimits}`, async () => {
    const options = { segmentBytes: 2 ** 20, presizeBytes: 16 * KIB, reserveBytes: 16 * KIB }
    const writer = aWriter({ options }, ['prlimit', '--fsize=150000:unlimited'])
    expect(await writer.says('refused')).toMatchObject({ code: 'DISK_FULL' })
    execFileSync('prlimit', ['--pid', String(writer.pid), '--fsize=unlimited'])
    await writer.says('stored', { again: true })
    writer.tell()
    await writer.says('closed')
    expect(new Set(writer.all('refused').map(({ code }) => code))).toEqual(new Set(['DISK_FULL']))
    await expectSound(await openHere(), recordOf(writer))
  })
})

function recordOf(...all: readonly Writer[]): KillRecord {
  const record = new KillRecord()
  for (const writer of all) record.note(writer.reports)
  return record
}

/** The log holds what the record says, whole and undamaged; closes the store. */
async function expectSound(store: EmbeddedStore, record: KillRecord): Promise<void> {
  try {
    const { write, damaged } = store.status()
    expect({ write, damaged }).toEqual({ write: { writable: true }, damaged: [] })
    record.check(await everything(store))
  } finally {
    await store.close()
  }
}

withLimits(`running out of descriptors is told as such, is never taken for damage, and passes${noLimits}`, async () => {
  const [command, ...args] = ['prlimit', '--nofile=56', ...commandFor('test/crash/descriptor-hog.ts'), directory]
  const { stdout } = await promisify(execFile)(command as string, args)
  const report = JSON.parse(stdout) as HogReport
  const told = new Set(report.codesWithout)
  console.log(
    'without descriptors:',
    JSON.stringify({ ...report, codesWithout: [...told], codesAfter: report.codesAfter.length }),
  )
  // A rotation waits for a descriptor; what needs none goes on.
  expect([...told].filter(code => code !== 'stored' && code !== 'STORAGE_UNAVAILABLE')).toEqual([])
  expect(report.readWithout).toMatch(/^STORAGE_UNAVAILABLE$|^\d+$/)
  expect(report.openedWithout).toBe('STORAGE_UNAVAILABLE')
  expect(new Set(report.codesAfter)).toEqual(new Set(['stored']))
  expect(report).toMatchObject({ readAfter: report.stored, readReopened: report.stored, writable: true, damaged: 0 })
})

describe('a data directory with an owner', () => {
  test('is refused to a second process by name of the first, and free at once when that is killed', async () => {
    const writer = aWriter({})
    await writer.says('stored')
    const { code, message } = await refusalOf(openHere())
    expect(code).toBe('LOCKED')
    expect(message).toContain(`in use by process ${writer.pid} on ${hostname()}, since `)
    await writer.kill()
    await expectSound(await openHere(), recordOf(writer))
  })

  // Small segments make it likely that the sleeper is about to begin a new one when it wakes up.
  test.each([100, 6_000, 2 ** 20])(
    'stays whole when an owner wakes up late, segments of %d bytes',
    async segmentBytes => {
      for (let seed = 1; seed <= 3; seed++) {
        const options = { segmentBytes, presizeBytes: 4_096, reserveBytes: 4_096, idleMarkMs: 5 }
        const sleeper = aWriter({ name: `sleeper${seed}`, seed, writers: 3, options })
        for (let i = 0; i < 2 + seed; i++) await sleeper.says('stored', { again: true })
        await asleep(sleeper)
        unlinkSync(join(directory, 'LOCK'))
        const store = await openHere(options)
        const record = recordOf()
        await appendTo(store, record, `before${seed}`)
        sleeper.signal('SIGCONT')
        expect(await sleeper.says('write-state')).toMatchObject({ state: 'lost_ownership' })
        await appendTo(store, record, `after${seed}`)
        await sleeper.kill()
        record.note(sleeper.reports)
        record.check(await everything(store))
        await store.close()
        await expectSound(await openHere(options), record)
        rmSync(directory, { recursive: true })
      }
    },
  )
})

test('an owner robbed of its lock while it rested begins no segment when it goes on', async () => {
  const options = { presizeBytes: 4_096, reserveBytes: 4_096, idleMarkMs: 0 }
  const record = new KillRecord()
  // Its next append would begin a new segment, at a position that the new owner has in the middle of one.
  const rested = await openHere({ ...options, segmentBytes: 100 })
  await appendTo(rested, record, 'rested')
  unlinkSync(join(directory, 'LOCK'))
  const store = await openHere(options)
  await appendTo(store, record, 'new owner')
  const before = readdirSync(join(directory, 'segments'))
  const late = rested.append(requestOf({ append: 'late', streams: ['s1'], sizes: [10] })).then(() => 'stored', codeOf)
  expect(await late).toBe('READ_ONLY')
  await rested.close()
  expect(readdirSync(join(directory, 'segments'))).toEqual(before)
  await store.close()
  await expectSound(await openHere(options), record)
})

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code)
}

/** Stopped, and seen to be. */
async function asleep(writer: Writer): Promise<void> {
  writer.signal('SIGSTOP')
  const state = () => readFileSync(`/proc/${writer.pid}/stat`, 'latin1').split(') ')[1]?.[0]
  while (state() !== 'T') await new Promise(setImmediate)
}

async function appendTo(store: EmbeddedStore, record: KillRecord, name: string): Promise<void> {
  for (let at = 0; at < 12; at++) {
    const asked = { append: `${name}.${at}`, streams: ['s1', 's2'], sizes: [10, 500] }
    record.note([{ is: 'sent', ...asked }])
    const { events } = await store.append(requestOf(asked))
    record.note([{ is: 'stored', append: asked.append, events }])
  }
}

describe('a directory that is not fit', () => {
  test('because nobody may write to it, is told as such', async () => {
    await (await openHere()).close()
    chmodSync(directory, 0o555)
    const restore = asNobody()
    try {
      expect(await refusalOf(openHere())).toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        message: expect.stringContaining('EACCES'),
      })
    } finally {
      restore()
      chmodSync(directory, 0o755)
    }
    expect(await refusalOf(openHere())).toMatchObject({ code: 'opened' })
  })

  onVolume(`because the whole file system is mounted for reading only, is told as such${noVolume}`, async () => {
    const place = join((mounted as SmallVolume).path, 'read-only')
    await (await openHere({ directory: place })).close()
    mounted?.remount('ro')
    try {
      expect(await refusalOf(openHere({ directory: place }))).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    } finally {
      mounted?.remount('rw')
    }
    expect(await refusalOf(openHere({ directory: place }))).toMatchObject({ code: 'opened' })
  })

  withMemory(`because it lies in memory, is refused unless that is wanted${noMemory}`, async () => {
    const place = mkdtempSync('/dev/shm/lighthouse-test-')
    try {
      const { code, message } = await refusalOf(openHere({ directory: place }))
      expect(code).toBe('UNSAFE_FILESYSTEM')
      expect(message).toContain('tmpfs')
      expect(await refusalOf(openHere({ directory: place, allowUnsafeFilesystem: true }))).toMatchObject({
        code: 'opened',
      })
    } finally {
      removeTempDirectory(place)
    }
  })
})

/** Root may write everywhere, so it steps down for a moment; the result steps up again. */
function asNobody(): () => void {
  if (process.getuid?.() !== 0) return () => undefined
  process.seteuid?.(65_534)
  return () => process.seteuid?.(0)
}
