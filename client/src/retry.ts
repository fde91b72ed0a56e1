// Decides whether and when a failed call is repeated, and waits until then.
import type { LighthouseError } from './errors.js'

export interface RetryOptions {
  /** The number of tries in all, the first one included; default 8. */
  readonly attempts?: number | undefined
  /** The first delay, which doubles from one try to the next; default 100. */
  readonly firstDelayMs?: number | undefined
  /** No delay is longer than this; default 5,000. */
  readonly longestDelayMs?: number | undefined
}

/** When the server wants a longer wait than this, the call fails at once with its `retryAfterSeconds`. */
const LONGEST_RETRY_AFTER_SECONDS = 60

export class Retry {
  private readonly attempts: number
  private readonly firstDelayMs: number
  private readonly longestDelayMs: number

  /** `false` turns repeating off. */
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

  /** Milliseconds to wait after this many failures in a row; undefined when there should be no further try. */
  after(failures: number, error: LighthouseError): number | undefined {
    if (!error.retryable || failures >= this.attempts) return undefined
    const { retryAfterSeconds = 0 } = error
    if (retryAfterSeconds > LONGEST_RETRY_AFTER_SECONDS) return undefined
    return retryAfterSeconds * 1000 + this.delay(failures)
  }

  /** Half of the delay is random, because the clients of a restarted server would otherwise all come back at once. */
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

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
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
