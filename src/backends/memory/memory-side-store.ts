// The simplest side store: files in a map, which end with the process as the events do that they are made of.
import { freemem, totalmem } from 'node:os'
import { type Room, SideStore } from '../../contract/side-store.js'

export class MemorySideStore extends SideStore {
  private readonly files = new Map<string, Buffer>()

  async open(): Promise<void> {}

  async list(): Promise<string[]> {
    return [...this.files.keys()].sort()
  }

  async read(name: string, most: number): Promise<Buffer | undefined> {
    const file = this.files.get(name)
    return file && Buffer.from(file.subarray(0, most))
  }

  async write(name: string, chunks: readonly Uint8Array[]): Promise<void> {
    this.files.set(name, Buffer.concat(chunks))
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name)
  }

  async quarantine(name: string): Promise<void> {
    this.files.delete(name)
  }

  async room(): Promise<Room> {
    return { totalBytes: totalmem(), freeBytes: freemem() }
  }
}
