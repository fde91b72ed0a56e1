// How long the disk takes to make one small write durable with nobody else at work: what no append of the run can go below.
import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface DiskTimes {
  readonly writes: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const WRITES = 100
const BYTES = 4096
/** As appends of a moderate load come; a disk that is asked without a pause may answer several times as fast. */
const PAUSE_MS = 3

/** Writes into a file that has its size already, as the log does, in that directory, and leaves nothing there. */
export async function diskTimes(directory: string): Promise<DiskTimes> {
  const path = join(directory, `disk-times-${randomUUID()}`)
  const file = await open(path, 'wx')
  try {
    const bytes = Buffer.alloc(BYTES, 1)
    await file.writeFile(Buffer.alloc(WRITES * BYTES))
    await file.sync()
    const times: number[] = []
    for (let write = 0; write < WRITES; write++) {
      await pause(PAUSE_MS)
      const begun = performance.now()
      await file.write(bytes, 0, BYTES, write * BYTES)
      await file.datasync()
      times.push(performance.now() - begun)
    }
    times.sort((one, other) => one - other)
    const at = (share: number) => Math.round((times[Math.ceil(WRITES * share) - 1] as number) * 100) / 100
    return { writes: WRITES, p50Ms: at(0.5), p99Ms: at(0.99) }
  } finally {
    await file.close()
    await rm(path, { force: true })
  }
}
