// An open file of the real disk: positional reads and writes on one descriptor, which is never used after its close.

import fs from 'node:fs'
import type { DiskFile } from './disk.js'
import { type Done, promised } from './promised.js'
import { pauseAfter } from './transient.js'

// One writev takes this many chunks on every system (IOV_MAX).
const CHUNKS_PER_CALL = 1024

export class RealFile implements DiskFile {
  private callsInFlight = 0
  private closing: Promise<void> | undefined
  private lastCallReturned: (() => void) | undefined

  constructor(
    readonly path: string,
    private readonly descriptor: number,
    private readonly syncAfterWrite: boolean,
  ) {}

  async write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    this.checkPosition(position, 'write')
    if (this.closing) throw this.error('EBADF', 'write')
    const written = await this.writeGroups(chunks, position)
    if (this.syncAfterWrite && written > 0) await this.syncWritten()
    return written
  }

  /** Fails with EIO even for «no room», because bytes were written and nobody knows which of them lasted. */
  private async syncWritten(): Promise<void> {
    try {
      await this.call<void>(done => fs.fdatasync(this.descriptor, done))
    } catch (cause) {
      const error = new Error(`EIO: the sync of a write failed, fdatasync '${this.path}': ${String(cause)}`, { cause })
      throw Object.assign(error, { code: 'EIO', syscall: 'fdatasync', path: this.path })
    }
  }

  /** This is fsync and not fdatasync, because a truncation changes the size alone and must be covered. */
  sync(): Promise<void> {
    return this.call<void>(done => fs.fsync(this.descriptor, done))
  }

  async truncate(length: number): Promise<void> {
    this.checkPosition(length, 'ftruncate')
    await this.call<void>(done => fs.ftruncate(this.descriptor, length, done))
  }

  async size(): Promise<number> {
    return (await this.call<fs.Stats>(done => fs.fstat(this.descriptor, done))).size
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    this.checkPosition(position, 'read')
    let done = 0
    for (let failures = 0; done < into.length; ) {
      try {
        const count = await this.call<number>(finish =>
          fs.read(this.descriptor, into, done, into.length - done, position + done, finish),
        )
        if (count === 0) break
        done += count
      } catch (error) {
        await pauseAfter(error, ++failures)
      }
    }
    return done
  }

  readSync(into: Uint8Array, position: number): number {
    this.checkPosition(position, 'read')
    if (this.closing) throw this.error('EBADF', 'read')
    let done = 0
    while (done < into.length) {
      const count = fs.readSync(this.descriptor, into, done, into.length - done, position + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  /** Waits for the calls in flight, because a late write would go to the next file that is given this number. */
  close(): Promise<void> {
    this.closing ??= this.closeWhenIdle()
    return this.closing
  }

  private async closeWhenIdle(): Promise<void> {
    if (this.callsInFlight > 0) {
      await new Promise<void>(resolve => {
        this.lastCallReturned = resolve
      })
    }
    await promised<void>(done => fs.close(this.descriptor, done))
  }

  private async writeGroups(chunks: readonly Uint8Array[], position: number): Promise<number> {
    let written = 0
    for (let first = 0; first < chunks.length; first += CHUNKS_PER_CALL) {
      const group = chunks.length <= CHUNKS_PER_CALL ? chunks : chunks.slice(first, first + CHUNKS_PER_CALL)
      const wanted = totalLength(group)
      if (wanted === 0) continue
      const count = await this.writeGroup(group, position + written)
      written += count
      // Going on after a short write would hide from the caller that the disk is full.
      if (count < wanted) break
    }
    return written
  }

  private writeGroup(group: readonly Uint8Array[], position: number): Promise<number> {
    const [first] = group
    if (group.length === 1 && first) {
      return this.call<number>(done => fs.write(this.descriptor, first, 0, first.length, position, done))
    }
    return this.call<number>(done => fs.writev(this.descriptor, group, position, done))
  }

  private async call<T>(start: (done: Done<T>) => void): Promise<T> {
    if (this.closing) throw this.error('EBADF', 'use after close')
    this.callsInFlight++
    try {
      return await promised(start)
    } catch (error) {
      // Node names the file in errors of paths, but not in those of descriptors, so it is added here.
      throw Object.assign(error as Error, { path: this.path })
    } finally {
      this.callsInFlight--
      if (this.callsInFlight === 0) this.lastCallReturned?.()
    }
  }

  /** Node takes a position that is negative or no integer to mean the current position of the descriptor. */
  private checkPosition(position: number, syscall: string): void {
    if (!Number.isSafeInteger(position) || position < 0) throw this.error('EINVAL', syscall)
  }

  private error(code: string, syscall: string): Error {
    return Object.assign(new Error(`${code}: ${syscall} '${this.path}'`), { code, syscall, path: this.path })
  }
}

function totalLength(chunks: readonly Uint8Array[]): number {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  return length
}
