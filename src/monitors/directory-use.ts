// What a directory takes of its volume with all that is in it; looked up now and then, because many files take a while.
import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const EVERY_MS = 60_000
/** A look takes at most this part of the time, however many files there are. */
const MOST_SHARE = 0.01
/** A file takes so many bytes for each block that it is said to have, whatever the blocks of its volume are. */
const BLOCK = 512

export class DirectoryUse {
  /** Undefined until the first look has ended. */
  bytes: number | undefined
  private isLooking = false
  private due = 0

  constructor(private readonly directory: string) {}

  /** Never rejects. A look that hangs is the only one. */
  async measure(nowMs: number): Promise<void> {
    if (this.isLooking || nowMs < this.due) return
    this.isLooking = true
    const begun = performance.now()
    try {
      this.bytes = await bytesBelow(this.directory)
    } catch {
      // The directory itself cannot be listed; what was found before is the best that is known.
    }
    this.due = nowMs + Math.max(EVERY_MS, (performance.now() - begun) / MOST_SHARE)
    this.isLooking = false
  }
}

/** One file after the other, so that a look never takes more than one thread from appends and reads. */
async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(directory, { withFileTypes: true })) bytes += await bytesOf(directory, entry)
  return bytes
}

async function bytesOf(directory: string, entry: Dirent): Promise<number> {
  const path = join(directory, entry.name)
  try {
    if (entry.isDirectory()) return await bytesBelow(path)
    const { blocks, size } = await lstat(path)
    // Windows has no blocks.
    return typeof blocks === 'number' ? blocks * BLOCK : size
  } catch {
    // A segment was retired or a temporary renamed in between, or a folder may not be read.
    return 0
  }
}
