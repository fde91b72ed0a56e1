// Each trigger of the mode by a real fault of a real server: how soon it is seen and told, what is still served, how it ends.
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { SERVER_EXIT } from '../../src/failures/exit-codes.js'
import { SmallVolume } from '../crash/small-volume.js'
import { isHere } from '../monitoring/process.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { DiskThatObeys } from './disk-that-obeys.js'
import { SmallMemory } from './small-memory.js'
import { PATIENCE_MS, TriggerTrial } from './trigger-trial.js'
import { THRESHOLDS } from './watched-server.js'

const LIMIT = 1 << 30

const { isAsked } = TriggerTrial
let trial: TriggerTrial

beforeEach(() => {
  trial = new TriggerTrial()
})
afterEach(() => trial.end(expect.getState().currentTestName ?? ''), PATIENCE_MS)

// skip: this machine has no compiler to make a slow disk with
const withCompiler = isAsked && isHere('gcc') ? describe : describe.skip

withCompiler('a disk that obeys', () => {
  const place = () => {
    const directory = makeTempDirectory()
    trial.after(() => removeTempDirectory(directory))
    return directory
  }

  test(
    'slow syncs end the taking of appends, and it goes on by itself once they are quick again',
    async () => {
      const directory = makeTempDirectory()
      const disk = DiskThatObeys.build(place(), directory) as DiskThatObeys
      // A machine that is busy with other things takes longer than the 100 ms that are a warning elsewhere.
      const thresholds = { ...THRESHOLDS, writeLatencyMs: { warning: 500, critical: 1_000 } }
      const env = { ...disk.env, LIGHTHOUSE_MODE_THRESHOLDS: JSON.stringify(thresholds) }
      const server = await trial.start({ writers: 60, directory, env })
      await trial.strikes({ causes: ['write_latency'], what: 'each write takes 1.2 s' }, () => disk.slowDown(1_200))
      disk.recover()
      server.note('the disk is quick again')
      await server.becomes('NORMAL')
      await trial.holds('write_latency')
    },
    PATIENCE_MS,
  )

  test(
    'a write that fails ends the taking of appends until a new start',
    async () => {
      const directory = makeTempDirectory()
      const disk = DiskThatObeys.build(place(), directory) as DiskThatObeys
      const server = await trial.start({ directory, env: disk.env })
      await trial.strikes({ causes: ['storage_failed'], what: 'each write fails' }, () => disk.fail())
      disk.recover()
      server.note('the disk is well again, and the store does not try')
      await server.restart()
      await server.becomes('NORMAL')
      await trial.holds('storage_failed')
    },
    PATIENCE_MS,
  )

  test(
    'a write that fails ends a process in production, and the one after it tells the page and its end',
    async () => {
      const directory = makeTempDirectory()
      // The notes beside the log can still be written; without them the process would stay up.
      const disk = DiskThatObeys.build(place(), join(directory, 'segments')) as DiskThatObeys
      const server = await trial.start({ directory, env: { ...disk.env, LIGHTHOUSE_ENV: 'production' } })
      disk.fail()
      server.note('each write of the log fails')
      expect(await server.server.endsByItself()).toBe(SERVER_EXIT.storageFailed)
      server.note('the process has ended')
      disk.recover()
      await server.restart()
      await server.alerts.paged('resolve storage_failed')
      // At least once: the process may have ended between telling and noting it.
      expect(new Set(server.alerts.pages)).toEqual(new Set(['trigger storage_failed', 'resolve storage_failed']))
      expect(server.alerts.pages.at(-1)).toBe('resolve storage_failed')
      expect(await server.lost()).toEqual({ missing: 0, twice: 0 })
    },
    PATIENCE_MS,
  )
})

const mounted = SmallVolume.mount(64 << 20)
if (typeof mounted === 'string') process.stdout.write(`triggers: no full volume, for ${mounted}\n`)
// skip: only root of a Linux mounts a volume, which is told above
const withVolumes = isAsked && typeof mounted !== 'string' ? describe : describe.skip
if (typeof mounted !== 'string') mounted.unmount()

withVolumes('a volume', () => {
  test(
    'a full one ends the taking of appends, and it goes on by itself once there is room',
    async () => {
      const volume = SmallVolume.mount(64 << 20) as SmallVolume
      trial.after(() => volume.unmount())
      const server = await trial.start({ directory: `${volume.path}/data` })
      const cause = await trial.strikes({ causes: ['storage_space', 'disk_full'], what: 'the volume is full' }, () =>
        volume.fillUpTo(0),
      )
      volume.release()
      server.note('there is room again')
      await server.becomes('NORMAL')
      await trial.holds(cause)
    },
    PATIENCE_MS,
  )
})

const memory = SmallMemory.make()
if (typeof memory === 'string') process.stdout.write(`triggers: no memory limit, for ${memory}\n`)
else await memory.remove()
// skip: only root of a Linux limits memory, which is told above
const withLimits = isAsked && typeof memory !== 'string' ? test : test.skip

withLimits(
  'memory near its limit ends the taking of appends, and it goes on by itself once there is more',
  async () => {
    const limit = SmallMemory.make() as SmallMemory
    trial.after(() => limit.remove())
    limit.limitTo(LIMIT)
    const server = await trial.start({ through: limit.through })
    const leave = await limit.neighbour(Math.round(LIMIT * 0.96) - limit.usedBytes)
    await trial.strikes(
      { causes: ['memory'], what: 'a neighbour has taken what there was, up to 96 % of the limit' },
      () => undefined,
    )
    await leave()
    server.note('the neighbour is gone')
    await server.becomes('NORMAL')
    await trial.holds('memory')
  },
  PATIENCE_MS,
)
