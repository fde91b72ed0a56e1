// The side store as files in one directory: each is written whole or not at all, and moved aside when it is wrong.
import { dirname, join } from 'node:path'
import { type Room, SideStore } from '../../contract/side-store.js'
import { type Disk, diskErrorCode } from './engine/disk/disk.js'
import { replaceFile } from './engine/disk/small-file.js'

const QUARANTINE = 'quarantine'
const TEMPORARY = '.tmp'
/** Files that were wrong are kept as evidence, but no more than this many. */
const QUARANTINED_MAX = 100
const NUMBER_DIGITS = 8
const NUMBERED = new RegExp(`^(\\d{${NUMBER_DIGITS},})\\.`)
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
    const held = (await this.disk.list(this.quarantined)).sort((a, b) => numberOf(a) - numberOf(b))
    const number = numberOf(held.at(-1) ?? '') + 1
    try {
      await this.disk.rename(join(this.directory, name), join(this.quarantined, numbered(number, name)))
      held.push(name)
    } catch (error) {
      if (!MISSING.has(diskErrorCode(error) ?? '')) throw error
    }
    await this.disk.syncDirectory(this.quarantined)
    await this.disk.syncDirectory(this.directory)
    const old = held.slice(0, Math.max(0, held.length - QUARANTINED_MAX))
    for (const one of old) await this.disk.unlink(join(this.quarantined, one))
  }

  room(): Promise<Room> {
    return this.disk.space(this.directory)
  }
}

/** The number says which came first, and keeps evidence of one name apart. */
function numbered(number: number, name: string): string {
  return `${String(number).padStart(NUMBER_DIGITS, '0')}.${name}`
}

/** 0 for files of earlier versions, which had no number. */
function numberOf(name: string): number {
  return Number(NUMBERED.exec(name)?.[1] ?? 0)
}
