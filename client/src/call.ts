// What every call may be told besides its subject, when to give up and how to name itself; and the patience of one try.
import { NetworkError } from './errors.js'

export interface Context {
  /** Names the call in the server's log and answers; events without a correlation id of their own get it. */
  readonly correlationId?: string | undefined
  /** W3C trace context of the call; kept with the events it appends. */
  readonly traceparent?: string | undefined
}

export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly context?: Context | undefined
}

export function headersOf(context: Context | undefined): { [name: string]: string } {
  const headers: { [name: string]: string } = {}
  if (context?.correlationId !== undefined) headers['x-correlation-id'] = context.correlationId
  if (context?.traceparent !== undefined) headers['traceparent'] = context.traceparent
  return headers
}

/** How long one try may take: a signal that ends with the caller's or when time is up, and lets go of the caller's. */
export class Patience {
  private readonly controller = new AbortController()
  private readonly follow = () => this.controller.abort(this.callers?.reason)
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly callers: AbortSignal | undefined,
    private readonly ms: number,
  ) {
    callers?.throwIfAborted()
    callers?.addEventListener('abort', this.follow, { once: true })
    this.renew()
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Something has come: the time begins anew. */
  renew(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.controller.abort(new NetworkError(`No answer for ${this.ms} ms.`)), this.ms)
  }

  /** Nothing is being waited for until it is renewed. */
  rest(): void {
    clearTimeout(this.timer)
  }

  /** Ends what is still under way, and leaves nothing behind. */
  end(): void {
    clearTimeout(this.timer)
    this.callers?.removeEventListener('abort', this.follow)
    this.controller.abort()
  }

  /** Why a try failed: because the caller gave up, because time was up, or as it says itself. */
  reasonFor(error: unknown): unknown {
    return this.controller.signal.aborted ? this.controller.signal.reason : error
  }
}

/** What is awaited, or the reason of the signal if that comes first. */
export function unlessAborted<T>(signal: AbortSignal, awaited: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    awaited.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
