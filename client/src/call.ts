// The options that every call takes besides its subject, and the time limit of one try.
import { NetworkError } from './errors.js'

export interface Context {
  /** Names the call in the server's log and answers; its events take it when they have no id of their own. */
  readonly correlationId?: string | undefined
  /** The W3C trace context of the call; it is stored with the events that the call appends. */
  readonly traceparent?: string | undefined
}

export interface CallOptions {
  /** Aborting it ends the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly context?: Context | undefined
}

export function headersOf(context: Context | undefined): { [name: string]: string } {
  const headers: { [name: string]: string } = {}
  if (context?.correlationId !== undefined) headers['x-correlation-id'] = context.correlationId
  if (context?.traceparent !== undefined) headers['traceparent'] = context.traceparent
  return headers
}

/**
 * The time limit of one try: a signal that aborts with the caller's signal or when the time is up. Call `end` or `done` always,
 * because the listener would otherwise stay on the caller's signal, which may outlive many calls.
 */
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

  /** Starts the time again, because something has arrived. */
  renew(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.controller.abort(new NetworkError(`No answer for ${this.ms} ms.`)), this.ms)
  }

  /** Stops the time until it is renewed, because a caller that is slow to take events is no fault of the server. */
  rest(): void {
    clearTimeout(this.timer)
  }

  /** Removes the timer and the listener. Where nothing is in flight any more, nothing has to be aborted. */
  done(): void {
    clearTimeout(this.timer)
    this.callers?.removeEventListener('abort', this.follow)
  }

  /** Aborts what is still in flight, and removes the timer and the listener. */
  end(): void {
    this.done()
    this.controller.abort()
  }

  /** The reason that a caller should see: its own abort or the time limit, instead of what fetch made of it. */
  reasonFor(error: unknown): unknown {
    return this.controller.signal.aborted ? this.controller.signal.reason : error
  }
}

/** Settles like `awaited`, or rejects with the signal's reason if the signal aborts first. */
export function unlessAborted<T>(signal: AbortSignal, awaited: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    awaited.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
