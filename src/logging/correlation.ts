// Knows which request the running code works for, so that every line it logs can name it.
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'

const current = new AsyncLocalStorage<string>()

/** Lines that are logged outside of any request are named after this run of the process. */
const thisRun = `run-${randomUUID()}`

export function currentCorrelationId(): string {
  return current.getStore() ?? thisRun
}

export function withCorrelationId<T>(id: string, work: () => T): T {
  return current.run(id, work)
}
