// A server on a small volume that is filled under its writers: it refuses, goes on reading, and goes on by itself once there is room.
import { strictEqual } from 'node:assert'
import { join } from 'node:path'
import { SmallVolume } from '../crash/small-volume.js'
import { RunningServer } from '../support/running-server.js'
import { until } from '../support/until.js'
import { Operator, PLENTY } from './operator.js'
import { type Steps, secondsSince } from './steps.js'
import { Writers } from './writers.js'

const VOLUME_BYTES = 64 << 20

/** Why no volume can be mounted here; undefined where one can. */
export const noVolume: string | undefined = (() => {
  const volume = SmallVolume.mount(VOLUME_BYTES)
  if (typeof volume === 'string') return volume
  volume.unmount()
  return undefined
})()

/** Until all appends are taken again, if it is to be whole; until the first one is, if not. */
export async function fullDiskAndBack(steps: Steps, isWhole: boolean): Promise<void> {
  const volume = SmallVolume.mount(VOLUME_BYTES)
  if (typeof volume === 'string') return
  const stop = new AbortController()
  let server: RunningServer | undefined
  let writing: Promise<void> | undefined
  try {
    server = await RunningServer.start({ LIGHTHOUSE_QUOTAS: PLENTY }, join(volume.path, 'data'))
    const operator = new Operator(server)
    const writers = new Writers()
    writing = writers.write(server.url, stop.signal)
    await until(() => writers.acknowledged > 100, 5)
    volume.fillUpTo(0)
    await until(async () => (await operator.mode) === 'EMERGENCY', 20)
    strictEqual((await operator.ask('/v1/events/1')).status, 200)
    volume.release()
    const released = performance.now()
    await operator.canAppend()
    steps.recovered('a full disk has room again, until an append is stored', secondsSince(released))
    if (isWhole) {
      await until(async () => (await operator.mode) === 'NORMAL')
      steps.recovered('a full disk has room again, until all appends are taken', secondsSince(released))
    }
    stop.abort()
    await writing
    await writers.mustBeThere(operator.client())
  } finally {
    stop.abort()
    await writing
    await server?.end()
    volume.unmount()
  }
}
