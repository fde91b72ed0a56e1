// Whole files beside the log, for what can be made of it again: written all or not, moved aside when they are wrong.
import { dirname, join } from 'node:path'
import { type Disk, diskErrorCode } from '../backends/embedded/engine/disk/disk.js'
import { replaceFile } from '../backends/embedded/engine/disk/small-file.js'

const TEMPORARY = '.tmp'
/** What was wrong is evidence, but not for ever. */
const QUARANTINED_MAX = 100
const MISSING = new Set(['ENOENT', 'ENOTDIR'])

export interface Room {
  readonly totalBytes: number
  readonly freeBytes: number
}

/** Its disk is not the log's: a fault here never stops an append. */
export class SideFiles {
  private readonly quarantined: string

  constructor(
    private readonly disk: Disk,
    private readonly directory: string,
  ) {
    this.quarantined = join(directory, 'quarantine')
  }

  /** To be called first. Removes what was being written when the server ended. */
  async open(): Promise<void> {
    await this.disk.makeDirectory(this.quarantined)
    await this.disk.syncDirectory(this.directory)
    await this.disk.syncDirectory(dirname(this.directory))
    for (const name of await this.list()) if (name.endsWith(TEMPORARY)) await this.remove(name)
  }

  list(): Promise<string[]> {
    return this.disk.list(this.directory)
  }

  /** From the start, at most so many bytes; undefined when there is no such file. */
  async read(name: string, from: number, most: number): Promise<Buffer | undefined> {
    try {
      const file = await this.disk.open(join(this.directory, name), { mode: 'read' })
      try {
        const into = Buffer.alloc(Math.max(0, Math.min(most, (await file.size()) - from)))
        return into.subarray(0, await file.read(into, from))
      } finally {
        await file.close()
      }
    } catch (error) {
      if (MISSING.has(diskErrorCode(error) ?? '')) return undefined
      throw error
    }
  }

  /** Durable when it resolves; until then the file is what it was before. */
  write(name: string, chunks: readonly Uint8Array[]): Promise<void> {
    return replaceFile(this.disk, join(this.directory, name), chunks)
  }

  async remove(name: string): Promise<void> {
    await this.disk.unlink(join(this.directory, name))
    await this.disk.syncDirectory(this.directory)
  }

  async quarantine(name: string): Promise<void> {
    try {
      await this.disk.rename(join(this.directory, name), join(this.quarantined, name))
    } catch (error) {
      if (!MISSING.has(diskErrorCode(error) ?? '')) throw error
    }
    await this.disk.syncDirectory(this.quarantined)
    await this.disk.syncDirectory(this.directory)
    const held = await this.disk.list(this.quarantined)
    for (const old of held.slice(0, Math.max(0, held.length - QUARANTINED_MAX))) {
      if (old !== name) await this.disk.unlink(join(this.quarantined, old))
    }
  }

  room(): Promise<Room> {
    return this.disk.space(this.directory)
  }
}
