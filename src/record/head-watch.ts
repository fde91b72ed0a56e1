// Wakes readers that wait for the head to pass a position; the writer only reports one number.
import { StoreError } from '../contract/errors.js'

interface Waiter {
  readonly position: number
  readonly resolve: (head: number) => void
  readonly reject: (error: Error) => void
}

export class HeadWatch {
  private readonly waiters = new Set<Waiter>()
  private closed = false

  constructor(private readonly head: () => number) {}

  get waiting(): number {
    return this.waiters.size
  }

  /** Resolves with the head once it is greater than `position`; rejects when the store closes or `signal` aborts. */
  beyond(position: number, signal?: AbortSignal): Promise<number> {
    if (this.closed) return Promise.reject(closing())
    if (signal?.aborted === true) return Promise.reject(aborted())
    const head = this.head()
    if (head > position) return Promise.resolve(head)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const waiter: Waiter = { position, resolve, reject }
    this.waiters.add(waiter)
    if (signal === undefined) return promise
    const give = () => {
      this.waiters.delete(waiter)
      reject(aborted())
    }
    signal.addEventListener('abort', give, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', give))
  }

  moved(head: number): void {
    for (const waiter of this.waiters) {
      if (waiter.position >= head) continue
      this.waiters.delete(waiter)
      waiter.resolve(head)
    }
  }

  close(): void {
    this.closed = true
    for (const waiter of this.waiters) waiter.reject(closing())
    this.waiters.clear()
  }
}

function closing(): StoreError {
  return new StoreError('CLOSED', 'the store is closing')
}

function aborted(): StoreError {
  return new StoreError('ABORTED', 'the caller stopped waiting')
}
