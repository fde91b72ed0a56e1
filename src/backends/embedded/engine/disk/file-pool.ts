// The pool of a store's open read-only descriptors, which closes the least recently used one to stay within its limit.
import { type Disk, type DiskFile, diskErrorCode } from './disk.js'

interface Opened {
  readonly path: string
  readonly file: DiskFile
  users: number
  /** The file was forgotten while in use, so its last user closes it. */
  forgotten: boolean
}

interface Waiting {
  resume(): void
  fail(error: Error): void
}

/**
 * A file that is in use is never closed. If all are in use, `use` waits, and `file`, which cannot wait, goes one over
 * the limit: what it opened is idle as soon as it returns, and the next call closes it. Do not call `use` inside `use`:
 * with all descriptors held by such callers none of them could go on.
 */
export class FilePool {
  /** The entries are in the order of their last use, because the oldest one that is idle is closed first. */
  private readonly opened = new Map<string, Opened>()
  private readonly waiting: Waiting[] = []
  private readonly closing = new Set<Promise<void>>()
  /** Forgotten files in use cannot be found any more, but they are counted, because they still hold descriptors. */
  private leaving = 0
  private closed = false

  constructor(
    private readonly disk: Disk,
    private readonly limit: number,
  ) {}

  get size(): number {
    return this.opened.size + this.leaving
  }

  /** The file is open only until the caller lets others run, so use it at once and do not keep it. */
  file(path: string): DiskFile {
    this.requireOpen()
    const held = this.touch(path)
    if (held !== undefined) return held.file
    while (this.size >= this.limit && this.closeOldestIdle());
    return this.open(path).file
  }

  /** Runs `work` with the file, which stays open until it ends. */
  async use<T>(path: string, work: (file: DiskFile) => Promise<T>): Promise<T> {
    const held = await this.hold(path)
    try {
      return await work(held.file)
    } finally {
      held.users--
      if (held.users === 0 && held.forgotten) {
        this.leaving--
        await this.close(held)
      }
      this.waiting.shift()?.resume()
    }
  }

  /** For a file that is removed or replaced: closes its descriptor, at once or after the last of its users. */
  async forget(path: string): Promise<void> {
    const held = this.opened.get(path)
    if (held === undefined) return
    this.opened.delete(path)
    if (held.users === 0) {
      this.waiting.shift()?.resume()
      return this.close(held)
    }
    held.forgotten = true
    this.leaving++
  }

  /** No file is opened any more, and callers that wait are rejected. Files in use are closed after their last user. */
  async closeAll(): Promise<void> {
    this.closed = true
    for (const waiting of this.waiting.splice(0)) waiting.fail(closedError())
    await Promise.all([...this.opened.keys()].map(path => this.forget(path)))
    await Promise.all(this.closing)
  }

  private async hold(path: string): Promise<Opened> {
    let retried = false
    for (;;) {
      this.requireOpen()
      const held = this.touch(path)
      if (held !== undefined) return this.taken(held)
      if (this.size >= this.limit && !this.closeOldestIdle()) {
        await new Promise<void>((resume, fail) => this.waiting.push({ resume, fail }))
        continue
      }
      try {
        return this.taken(this.open(path))
      } catch (error) {
        // Unlike `file`, this can wait until the descriptors that are being closed are given back.
        if (!retried && outOfDescriptors(error) && this.closing.size > 0) {
          retried = true
          await Promise.all(this.closing)
          continue
        }
        // This caller does not use its turn, so it wakes the next one that waits, which nobody else would wake.
        this.waiting.shift()?.resume()
        throw error
      }
    }
  }

  private taken(held: Opened): Opened {
    held.users++
    return held
  }

  private touch(path: string): Opened | undefined {
    const held = this.opened.get(path)
    if (held === undefined) return undefined
    this.opened.delete(path)
    this.opened.set(path, held)
    return held
  }

  private open(path: string): Opened {
    const opened = { path, file: this.openFile(path), users: 0, forgotten: false }
    this.opened.set(path, opened)
    return opened
  }

  /** Other parts of the process open files too, so the system's limit may come before the pool's. */
  private openFile(path: string): DiskFile {
    try {
      return this.disk.openSync(path)
    } catch (error) {
      if (!outOfDescriptors(error)) throw error
      const idle = [...this.opened.values()].filter(held => held.users === 0).length
      if (idle === 0) throw error
      for (let left = Math.ceil(idle / 2); left > 0; left--) this.closeOldestIdle()
      return this.disk.openSync(path)
    }
  }

  private closeOldestIdle(): boolean {
    for (const held of this.opened.values()) {
      if (held.users > 0) continue
      this.opened.delete(held.path)
      void this.close(held)
      return true
    }
    return false
  }

  private close(held: Opened): Promise<void> {
    // A close that fails after reading alone says nothing about the data, so its error is ignored.
    const closing = held.file.close().catch(() => undefined)
    this.closing.add(closing)
    return closing.finally(() => this.closing.delete(closing))
  }

  private requireOpen(): void {
    if (this.closed) throw closedError()
  }
}

function outOfDescriptors(error: unknown): boolean {
  const code = diskErrorCode(error)
  return code === 'EMFILE' || code === 'ENFILE'
}

function closedError(): Error {
  return new Error('the files of this store are closed')
}
