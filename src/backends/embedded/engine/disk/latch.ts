// A failed sync is final, and this is the one place that knows: the kernel has dropped the lost pages by then, so the next sync
// would succeed and prove nothing. The first failure therefore poisons the writer for the rest of the process.
import { diskErrorCode } from './disk.js'

/** Thrown for every use of a latched writer. */
export class Latched extends Error {
  override readonly name = 'Latched'
}

/** Another process has taken the directory: this one's disk did not fail, but nothing in it is its own any more. */
export class OwnershipLost extends Error {
  override readonly name = 'OwnershipLost'
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** True for a write that surely wrote nothing lasting because there is no room. */
export function isNoSpace(error: unknown): boolean {
  const code = diskErrorCode(error)
  return code !== undefined && NO_SPACE.has(code)
}

const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE'])

/** Nothing was opened, so nothing was written or synced: the disk is not at fault, and the operation can be tried again. */
export function isNoDescriptor(error: unknown): boolean {
  const code = diskErrorCode(error)
  return code !== undefined && NO_DESCRIPTOR.has(code)
}

export class Latch {
  private first: Error | undefined

  private tell: (error: Error) => void = () => undefined

  /** The listener is called at once, even for an earlier failure, because the state of the log follows from it. */
  whenTripped(listener: (error: Error) => void): void {
    this.tell = listener
    if (this.first !== undefined) listener(this.first)
  }

  get latched(): boolean {
    return this.first !== undefined
  }

  /** Refuses once latched; latches when the operation fails in any way that leaves the state of the disk unknown. */
  async guard<T>(operation: () => Promise<T>): Promise<T> {
    if (this.first !== undefined) throw new Latched(`an earlier sync failed: ${this.first.message}`)
    try {
      return await operation()
    } catch (error) {
      if (error instanceof Latched || error instanceof OwnershipLost || isNoDescriptor(error)) throw error
      throw this.trip(error)
    }
  }

  /** As `guard`, but a write that found no room is handed on without latching: its bytes are cut off again. */
  async guardWrite<T>(operation: () => Promise<T>): Promise<T> {
    return this.guard(async () => {
      try {
        return { done: await operation() }
      } catch (error) {
        if (isNoSpace(error)) return { noSpace: error }
        throw error
      }
    }).then(result => {
      if ('noSpace' in result) throw result.noSpace
      return result.done
    })
  }

  trip(error: unknown): Error {
    const cause = error instanceof Error ? error : new Error(String(error))
    if (this.first === undefined) {
      this.first = cause
      this.tell(cause)
    }
    return new Latched(`the disk failed: ${cause.message}`, { cause })
  }
}
