// Tries again what failed for a reason that passes: opening, reading and listing, and never a write or a sync (W6).
import { setTimeout } from 'node:timers/promises'
import { diskErrorCode } from './disk.js'

/**
 * No descriptor was free, a call was interrupted, or somebody else held the file for a moment. EIO is none of them: it
 * says that the bytes cannot be had, and asking again only makes a sick disk busier.
 */
const TRANSIENT = new Set(['EAGAIN', 'EINTR', 'EMFILE', 'ENFILE', 'EBUSY', 'ETIMEDOUT'])

const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 1_000
/** With the pauses between them about a tenth of a second in all, which a reader can wait. */
const ATTEMPTS = 5

/** Doubled with each failure, and between half and all of that, so that those who failed together do not meet again. */
export function pauseMs(failures: number, random = Math.random()): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1))
  return whole * (0.5 + random / 2)
}

/** Resolves when it is time to try again. Rejects with the error when that could not help, or was tried often enough. */
export async function pauseAfter(error: unknown, failures: number): Promise<void> {
  if (failures >= ATTEMPTS || !TRANSIENT.has(diskErrorCode(error) ?? '')) throw error
  await setTimeout(pauseMs(failures))
}

export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work()
    } catch (error) {
      await pauseAfter(error, failures)
    }
  }
}
