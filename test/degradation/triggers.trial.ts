// Each trigger of the mode by a real fault of a real server: how soon it is seen, what is still served, how it ends.
import { afterEach, describe, expect, test } from '@jest/globals'
import { SmallVolume } from '../crash/small-volume.js'
import { isHere } from '../monitoring/process.js'
import { makeTempDirectory, removeTempDirectory } from '../support/temp-directory.js'
import { DiskThatObeys } from './disk-that-obeys.js'
import { SmallMemory } from './small-memory.js'
import { WatchedServer } from './watched-server.js'

const SOON_MS = 30_000
const PATIENCE_MS = 90_000
const ENOUGH_WRITES = 200
const LIMIT = 1 << 30

const isAsked = process.env['LIGHTHOUSE_TRIGGERS'] !== undefined
if (!isAsked)
  process.stdout.write('triggers: not driven; LIGHTHOUSE_TRIGGERS=1 drives them, which takes three minutes\n')
let watched: WatchedServer | undefined
const leaveBehind: (() => void | Promise<void>)[] = []

afterEach(async () => {
  watched?.print(expect.getState().currentTestName ?? '')
  await watched?.end()
  watched = undefined
  for (const leave of leaveBehind.splice(0).reverse()) await leave()
}, PATIENCE_MS)

/** What holds of every trigger: reads went on, and nothing acknowledged is lost. */
async function holds(server: WatchedServer): Promise<void> {
  expect(server.failedReads).toEqual([])
  expect(server.reads).toBeGreaterThan(10)
  expect(await server.lost()).toEqual({ missing: 0, twice: 0 })
}

async function warmed(server: WatchedServer): Promise<WatchedServer> {
  watched = server
  await server.until(() => server.acknowledged.size >= ENOUGH_WRITES)
  return server
}

// skip: this machine has no compiler to make a slow disk with
const withCompiler = isAsked && isHere('gcc') ? describe : describe.skip

withCompiler('a disk that obeys', () => {
  const place = () => {
    const directory = makeTempDirectory()
    leaveBehind.push(() => removeTempDirectory(directory))
    return directory
  }

  test(
    'slow syncs end the taking of appends, and it goes on by itself once they are quick again',
    async () => {
      const directory = makeTempDirectory()
      const disk = DiskThatObeys.build(place(), directory) as DiskThatObeys
      const server = await warmed(await WatchedServer.start({ writers: 250, directory, env: disk.env }))
      disk.slowDown(1_200)
      server.note('each write takes 1.2 s')
      expect(await server.becomes('EMERGENCY')).toBeLessThan(SOON_MS)
      disk.recover()
      server.note('the disk is quick again')
      await server.becomes('NORMAL')
      await holds(server)
    },
    PATIENCE_MS,
  )

  test(
    'a write that fails ends the taking of appends until a new start',
    async () => {
      const directory = makeTempDirectory()
      const disk = DiskThatObeys.build(place(), directory) as DiskThatObeys
      const server = await warmed(await WatchedServer.start({ directory, env: disk.env }))
      disk.fail()
      server.note('each write fails')
      expect(await server.becomes('EMERGENCY')).toBeLessThan(SOON_MS)
      disk.recover()
      server.note('the disk is well again, and the store does not try')
      await server.restart()
      await server.becomes('NORMAL')
      await holds(server)
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
      leaveBehind.push(() => volume.unmount())
      const server = await warmed(await WatchedServer.start({ directory: `${volume.path}/data` }))
      volume.fillUpTo(0)
      server.note('the volume is full')
      expect(await server.becomes('EMERGENCY')).toBeLessThan(SOON_MS)
      volume.release()
      server.note('there is room again')
      await server.becomes('NORMAL')
      await holds(server)
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
    leaveBehind.push(() => limit.remove())
    limit.limitTo(LIMIT)
    const server = await warmed(await WatchedServer.start({ through: limit.through }))
    const leave = await limit.neighbour(Math.round(LIMIT * 0.96) - limit.usedBytes)
    server.note('a neighbour has taken what there was, up to 96 % of the limit')
    expect(await server.becomes('EMERGENCY')).toBeLessThan(SOON_MS)
    await leave()
    server.note('the neighbour is gone')
    await server.becomes('NORMAL')
    await holds(server)
  },
  PATIENCE_MS,
)
