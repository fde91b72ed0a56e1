// The few words the conformance suite is told in: a store in a bendable world, and what is done to it.
import { afterEach, beforeEach, expect } from '@jest/globals'
import type { Clock } from '../../src/contract/clock.js'
import { ERRORS, type ErrorCode, StoreError } from '../../src/contract/errors.js'
import type { NewEvent, RecordedEvent } from '../../src/contract/event.js'
import type { Appended, AppendRequest, AppendTerms, EventStore, ReadRequest } from '../../src/contract/event-store.js'
import { ManualClock } from '../support/manual-clock.js'

export interface OpenedStore {
  readonly store: EventStore
  /** Closes the store and opens it again on what it kept; absent when it keeps nothing. */
  reopen?(): Promise<EventStore>
  /** Closes whatever is open and removes every trace. */
  destroy(): Promise<void>
}

export type OpenStore = (world: { readonly clock: Clock; readonly monotonic: Clock }) => Promise<OpenedStore>

/** A way in which a backend is allowed to differ, and why. */
export interface Difference {
  /** `volatile`: nothing survives a close. `negative-zero`: -0 is stored as 0. */
  readonly id: 'volatile' | 'negative-zero'
  readonly reason: string
}

/** Each test gets a store and a clock of its own. */
export class World {
  clock = new ManualClock()
  private opened: OpenedStore | undefined
  private current: EventStore | undefined

  constructor(open: OpenStore) {
    beforeEach(async () => {
      this.clock = new ManualClock()
      this.opened = await open({ clock: this.clock, monotonic: this.clock.steady })
      this.current = this.opened.store
    })
    afterEach(async () => {
      await this.opened?.destroy()
    })
  }

  get store(): EventStore {
    return this.current as EventStore
  }

  async reopen(): Promise<EventStore> {
    if (this.opened?.reopen === undefined) throw new Error('declare this store volatile or let it reopen')
    this.current = await this.opened.reopen()
    return this.current
  }

  /** Appends, on behalf of agent `a1` unless told otherwise. */
  append(
    events: NewEvent | readonly NewEvent[],
    { urgent, refusal, ...more }: Partial<AppendRequest & AppendTerms> = {},
  ): Promise<Appended> {
    const list = Array.isArray(events) ? (events as readonly NewEvent[]) : [events as NewEvent]
    const terms = { ...(urgent && { urgent }), ...(refusal && { refusal }) }
    return this.store.append({ events: list, author: { agentId: 'a1' }, ...more }, terms)
  }

  async read(request: ReadRequest = {}): Promise<RecordedEvent[]> {
    return collect(this.store.read(request))
  }

  async types(request: ReadRequest = {}): Promise<string[]> {
    return (await this.read(request)).map(event => event.type)
  }
}

export function an(type: string, more: Partial<NewEvent> = {}): NewEvent {
  return { type, stream: 'orders', data: {}, ...more }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** All a record says, without the functions on it, fit for comparing. */
export function plain(event: RecordedEvent): Record<string, unknown> {
  return JSON.parse(JSON.stringify(event)) as Record<string, unknown>
}

/** The catalogued error that the work ends in, thrown or rejected, at the latest when it is iterated. */
export async function errorOf(work: () => unknown): Promise<StoreError> {
  let outcome: unknown
  try {
    outcome = await work()
    if (isAsyncIterable(outcome)) outcome = await collect(outcome)
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError)
    expect(Object.keys(ERRORS)).toContain((error as StoreError).code)
    return error as StoreError
  }
  throw new Error(`this should have failed, but answered ${JSON.stringify(outcome)}`)
}

export async function codeOf(work: () => unknown): Promise<ErrorCode> {
  return (await errorOf(work)).code
}

/** How many of the appends were stored, and the codes of the others. */
export async function outcomesOf(appends: readonly Promise<Appended>[]): Promise<{ stored: number; codes: string[] }> {
  const settled = await Promise.allSettled(appends)
  const codes = settled.flatMap(outcome => (outcome.status === 'rejected' ? [(outcome.reason as StoreError).code] : []))
  return { stored: settled.length - codes.length, codes }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
