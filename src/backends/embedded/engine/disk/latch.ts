// Poisons the writer for the rest of the process at the first failed write or sync. The kernel has dropped the lost
// pages by then, so the next sync would succeed and prove nothing.
import { diskErrorCode } from './disk.js'

/** Thrown for every use of a latched writer, because nobody knows what the disk holds. */
export class Latched extends Error {
  override readonly name = 'Latched'
}

/** Another process has taken the directory, so this one must not change it any more, though its disk did not fail. */
export class OwnershipLost extends Error {
  override readonly name = 'OwnershipLost'
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** True when the error says that there is no room, so that the write surely left nothing lasting. */
export function isNoSpace(error: unknown): boolean {
  const code = diskErrorCode(error)
  return code !== undefined && NO_SPACE.has(code)
}

const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE'])

/** True when nothing was opened, so that the disk is not at fault and the caller may try again. */
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

  /** Refuses once latched, and latches when the operation fails so that the state of the disk is unknown. */
  async guard<T>(operation: () => Promise<T>): Promise<T> {
    if (this.first !== undefined) throw new Latched(`an earlier sync failed: ${this.first.message}`)
    try {
      return await operation()
    } catch (error) {
      if (error instanceof Latched || error instanceof OwnershipLost || isNoDescriptor(error)) throw error
      throw this.trip(error)
    }
  }

  /** Like `guard`, but an error of no room does not latch, because what was written then is cut off or never used. */
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
