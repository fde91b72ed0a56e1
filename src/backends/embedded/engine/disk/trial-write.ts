// Writes a small file, syncs it, reads it back and removes it, so that a start knows that the disk can do it.
import { dirname } from 'node:path'
import type { Disk } from './disk.js'

const BYTES = 4_096

/** Rejects as the disk does, or with EIO when it does not give back what was written. */
export async function trialWrite(disk: Disk, path: string, random: (length: number) => Buffer): Promise<void> {
  const written = random(BYTES)
  await disk.unlink(path)
  const file = await disk.open(path, { mode: 'create' })
  try {
    if ((await file.write([written], 0)) !== BYTES) throw failure('ENOSPC', 'the disk took less than was written')
    await file.sync()
    const read = Buffer.alloc(BYTES)
    if ((await file.read(read, 0)) !== BYTES || !read.equals(written))
      throw failure('EIO', 'the disk does not give back what was written')
  } finally {
    await file.close()
  }
  await disk.unlink(path)
  await disk.syncDirectory(dirname(path))
}

/** Rejects with ETIMEDOUT when the work takes longer, because a disk that hangs gives no other answer. 0 waits for ever. */
export async function within(ms: number, work: Promise<void>): Promise<void> {
  if (ms === 0) return work
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failure('ETIMEDOUT', `the disk has not answered for ${ms} ms`)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
