// Knows which request the running code works for, so that every line it logs can name it, and what fails can join its trace.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'

/** Not the request itself: what goes on after its answer would keep its body. */
export interface CurrentRequest {
  readonly correlationId: string
  /** Where traces are on. One context holds both, because entering one costs each request as much as ten look-ups. */
  span?: object
}

const current = new AsyncLocalStorage<CurrentRequest>()

/** Lines that are logged outside of any request are named after this run of the process. */
const thisRun = `run-${randomUUID()}`

export function currentCorrelationId(): string {
  return current.getStore()?.correlationId ?? thisRun
}

export function currentRequest(): CurrentRequest | undefined {
  return current.getStore()
}

export function withCorrelationId<T>(correlationId: string, work: () => T): T {
  return current.run({ correlationId }, work)
}
