// When to try again, and how to wait until then.
import type { LighthouseError } from './errors.js'

export interface RetryOptions {
  /** How often something is tried in all, the first time included; default 8. */
  readonly attempts?: number | undefined
  /** Doubles from one attempt to the next; default 100. */
  readonly firstDelayMs?: number | undefined
  /** Default 5,000. */
  readonly longestDelayMs?: number | undefined
}

/** A server that asks for more patience than this is believed and not asked again. */
const LONGEST_RETRY_AFTER_SECONDS = 60

export class Retry {
  private readonly attempts: number
  private readonly firstDelayMs: number
  private readonly longestDelayMs: number

  /** `false`: nothing is tried twice. */
  constructor(
    options: RetryOptions | false | undefined,
    private readonly random: () => number = Math.random,
  ) {
    const { attempts = 8, firstDelayMs = 100, longestDelayMs = 5_000 } = options || {}
    this.attempts = options === false ? 1 : whole('attempts', attempts, 1)
    this.firstDelayMs = whole('firstDelayMs', firstDelayMs, 0)
    this.longestDelayMs = whole('longestDelayMs', longestDelayMs, 0)
  }

  get never(): boolean {
    return this.attempts === 1
  }

  /** Milliseconds to wait after so many failures in a row; undefined: give up. */
  after(failures: number, error: LighthouseError): number | undefined {
    if (!error.retryable || failures >= this.attempts) return undefined
    const { retryAfterSeconds = 0 } = error
    if (retryAfterSeconds > LONGEST_RETRY_AFTER_SECONDS) return undefined
    return retryAfterSeconds * 1000 + this.delay(failures)
  }

  /** Half of it is chance, so that many clients of a server that comes back do not come back together. */
  delay(failures: number): number {
    const longest = Math.min(this.longestDelayMs, this.firstDelayMs * 2 ** (failures - 1))
    return longest * (0.5 + this.random() / 2)
  }
}

function whole(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new TypeError(`retry.${name} must be a whole number from ${least}`)
  }
  return value
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal?: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
