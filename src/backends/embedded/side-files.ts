// The side store as files in one directory: each is written whole or not at all, and moved aside when it is wrong.
import { dirname, join } from 'node:path'
import { type Room, SideStore } from '../../contract/side-store.js'
import { type Disk, diskErrorCode } from './engine/disk/disk.js'
import { replaceFile } from './engine/disk/small-file.js'

const QUARANTINE = 'quarantine'
const TEMPORARY = '.tmp'
/** Files that were wrong are kept as evidence, but no more than this many. */
const QUARANTINED_MAX = 100
const MISSING = new Set(['ENOENT', 'ENOTDIR'])

/** It bypasses the latch of the log, because a fault here says nothing about the log. */
export class SideFiles extends SideStore {
  private readonly quarantined: string

  constructor(
    private readonly disk: Disk,
    private readonly directory: string,
  ) {
    super()
    this.quarantined = join(directory, QUARANTINE)
  }

  async open(): Promise<void> {
    await this.disk.makeDirectory(this.quarantined)
    await this.disk.syncDirectory(this.directory)
    await this.disk.syncDirectory(dirname(this.directory))
    for (const name of await this.list()) if (name.endsWith(TEMPORARY)) await this.remove(name)
  }

  async list(): Promise<string[]> {
    const names = await this.disk.list(this.directory)
    return names.filter(name => name !== QUARANTINE)
  }

  async read(name: string, most: number): Promise<Buffer | undefined> {
    try {
      const file = await this.disk.open(join(this.directory, name), { mode: 'read' })
      try {
        const into = Buffer.alloc(Math.min(most, await file.size()))
        return into.subarray(0, await file.read(into, 0))
      } finally {
        await file.close()
      }
    } catch (error) {
      if (MISSING.has(diskErrorCode(error) ?? '')) return undefined
      throw error
    }
  }

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
