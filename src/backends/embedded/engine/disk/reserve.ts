// Holds a file of zeros that is removed when the disk is full, so that what must still be written can be (W8).
import { dirname } from 'node:path'
import { ZEROS } from '../format/bytes.js'
import type { Disk } from './disk.js'
import { isNoSpace } from './latch.js'
import { replaceFile } from './small-file.js'

/** A disk with less room than this takes no write at all, and is full even where no reserve is held. */
const LEAST_FREE_BYTES = 4_096

export class Reserve {
  private held = false

  constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private readonly bytes: number,
  ) {}

  /** True when the reserve is written. A disk too full for it is no failure, because the reserve is for that case. */
  async fill(): Promise<boolean> {
    if (this.held || this.bytes === 0) return true
    try {
      const chunks: Buffer[] = []
      for (let left = this.bytes; left > 0; left -= ZEROS.length)
        chunks.push(ZEROS.subarray(0, Math.min(left, ZEROS.length)))
      await replaceFile(this.disk, this.path, chunks)
      this.held = true
    } catch (error) {
      if (!isNoSpace(error)) throw error
      await this.giveUp()
    }
    return this.held
  }

  async giveUp(): Promise<void> {
    this.held = false
    await this.disk.unlink(`${this.path}.tmp`)
    await this.disk.unlink(this.path)
    await this.disk.syncDirectory(dirname(this.path))
  }

  /** True when the reserve is written again, with at least as much room free beside it. */
  async roomAgain(): Promise<boolean> {
    const space = await this.disk.space(dirname(this.path))
    const isRoomy = space.freeBytes >= Math.max(2 * this.bytes, LEAST_FREE_BYTES)
    return isRoomy && space.freeInodes >= 16 && (await this.fill())
  }
}
