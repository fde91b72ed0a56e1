// What the model run does to a store and to its model side by side, and how their answers are compared.
import fc from 'fast-check'
import type { MemoryStore } from '../../src/backends/memory/memory-store.js'
import { StoreError } from '../../src/contract/errors.js'
import type { RecordedEvent } from '../../src/contract/event.js'
import type { AppendRequest, EventStore, ReadRequest } from '../../src/contract/event-store.js'
import { must } from '../crash/ack-journal.js'
import type { CrashMode, FakeDisk } from '../support/fake-disk.js'
import { HOUR, type ManualClock, NEW_YEAR, SECOND } from '../support/manual-clock.js'

/** The model, and what of the past decides which questions have one answer only. */
export interface Model {
  readonly store: MemoryStore
  readonly clock: ManualClock
  readonly keys: Map<string, StoredKey>
  /** The latest that the clock ever said: nothing is stamped later. */
  latest: bigint
  restarts: number
  /** Whether the wall clock was ever behind the monotonic one. */
  wasBehind: boolean
}

/** What the clocks said when the key was stored. */
interface StoredKey {
  readonly passed: bigint
  readonly latest: bigint
  readonly restarts: number
}

export interface Real {
  store: EventStore
  disk: FakeDisk
  readonly clock: ManualClock
  readonly open: (disk: FakeDisk) => Promise<EventStore>
}

export type Step = fc.AsyncCommand<Model, Real>

/** What both sides must agree on in an event: all but its id, its time and its checksum, which each makes for itself. */
export function told(event: RecordedEvent): string {
  const { id: _id, timestamp: _timestamp, checksum: _checksum, ...rest } = JSON.parse(JSON.stringify(event))
  return JSON.stringify(Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)))
}

export async function readAll(store: EventStore, request: ReadRequest = {}): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const event of store.read(request)) events.push(event)
  return events
}

function mustAgree(what: string, real: unknown, model: unknown): void {
  const [one, other] = [JSON.stringify(real), JSON.stringify(model)]
  must(one === other, () => `${what}: the store says ${one}, the model ${other}`)
}

/** The answer to an append, or why there is none, in the words that both sides share. */
async function answerOf(store: EventStore, request: AppendRequest): Promise<unknown> {
  try {
    const { events, firstPosition, lastPosition, duplicate } = await store.append(request)
    const places = events.map(({ position, stream, revision }) => ({ position, stream, revision }))
    return { places, firstPosition, lastPosition, duplicate }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    const violations = error.violations.map(violation => ({ ...violation, id: undefined }))
    return { code: error.code, violations, errors: error.errors.map(({ pointer }) => pointer) }
  }
}

const KEPT = 24n * HOUR

/** Near the 24 hours, and where a restart saw times that a clock ahead has left in the log, either answer to a key is right. */
function isAmbiguous(model: Model, { key, author }: AppendRequest): boolean {
  const storedAt = model.keys.get(`${author.agentId} ${key}`)
  if (key === undefined || storedAt === undefined) return false
  const passed = model.clock.steady.now() - storedAt.passed
  const sameLife = storedAt.restarts === model.restarts
  const surelyKept = passed < KEPT - HOUR && (sameLife || model.latest - storedAt.latest < KEPT - HOUR)
  const surelyForgotten = passed > KEPT + HOUR && sameLife && !model.wasBehind
  return !surelyKept && !surelyForgotten
}

export class Append implements Step {
  constructor(private readonly requests: readonly AppendRequest[]) {}

  check(model: Readonly<Model>): boolean {
    return !this.requests.some(request => isAmbiguous(model, request))
  }

  async run(model: Model, real: Real): Promise<void> {
    pass(model, real, SECOND)
    const before = model.store.head()
    const answers = (store: EventStore) => Promise.all(this.requests.map(request => answerOf(store, request)))
    mustAgree(this.toString(), await answers(real.store), await answers(model.store))
    mustAgree('head', real.store.head(), model.store.head())
    if (model.store.head() === before) return
    for (const { key, author } of this.requests) {
      if (key === undefined) continue
      const { latest, restarts, clock } = model
      model.keys.set(`${author.agentId} ${key}`, { passed: clock.steady.now(), latest, restarts })
    }
  }

  toString(): string {
    return `append ${JSON.stringify(this.requests)}`
  }
}

export class Read implements Step {
  constructor(private readonly request: ReadRequest) {}

  check = () => true

  async run(model: Model, real: Real): Promise<void> {
    const found = await readAll(real.store, this.request)
    const wanted = await readAll(model.store, this.request)
    mustAgree(this.toString(), found.map(told), wanted.map(told))
  }

  toString(): string {
    return `read ${JSON.stringify(this.request)}`
  }
}

/** Times differ between the two, so each side is held against all it has itself. */
export class ReadTimes implements Step {
  constructor(
    private readonly since: number,
    private readonly until: number,
    private readonly order: 'asc' | 'desc',
  ) {}

  check = (model: Readonly<Model>) => model.store.head() > 0

  async run(_model: Model, { store }: Real): Promise<void> {
    const events = await readAll(store)
    const timeOf = (at: number) => (events[at % events.length] as RecordedEvent).timestamp
    const [since, until] = [timeOf(this.since), timeOf(this.until)]
    const found = await readAll(store, { since, until, order: this.order })
    const wanted = events.filter(({ timestamp }) => since <= timestamp && timestamp < until)
    if (this.order === 'desc') wanted.reverse()
    mustAgree(this.toString(), found.map(told), wanted.map(told))
  }

  toString(): string {
    return `read since ${this.since} until ${this.until} ${this.order}`
  }
}

export class Find implements Step {
  constructor(private readonly position: number) {}

  check = () => true

  async run(model: Model, real: Real): Promise<void> {
    for (const position of [this.position, this.position % (model.store.head() + 1)]) {
      const [found, wanted] = [await real.store.find(position), await model.store.find(position)]
      mustAgree(`find ${position}`, found && told(found), wanted && told(wanted))
      if (found === undefined) continue
      mustAgree(`find ${found.id}`, JSON.stringify(await real.store.find(found.id)), JSON.stringify(found))
    }
  }

  toString(): string {
    return `find ${this.position}`
  }
}

export class Ask implements Step {
  constructor(private readonly stream: string) {}

  check = () => true

  async run(model: Model, real: Real): Promise<void> {
    mustAgree(this.toString(), await real.store.stream(this.stream), await model.store.stream(this.stream))
    mustAgree('first', real.store.status().first, model.store.status().first)
    const position = model.store.head()
    const beyond = (store: EventStore, at: number) =>
      store.beyond(at, AbortSignal.abort()).catch((error: StoreError) => error.code)
    mustAgree('beyond the head', await beyond(real.store, position), await beyond(model.store, position))
    if (position > 0) mustAgree('beyond 0', await real.store.beyond(0), await model.store.beyond(0))
  }

  toString(): string {
    return `ask for stream ${this.stream} and what is beyond the head`
  }
}

export class MoveClock implements Step {
  constructor(private readonly nanoseconds: bigint) {}

  check = () => true

  async run(model: Model, real: Real): Promise<void> {
    model.clock.move(this.nanoseconds)
    real.clock.move(this.nanoseconds)
    noteTimes(model)
  }

  toString(): string {
    return `move the clock by ${this.nanoseconds / SECOND} s`
  }
}

export class PassTime implements Step {
  constructor(private readonly nanoseconds: bigint) {}

  check = () => true

  async run(model: Model, real: Real): Promise<void> {
    pass(model, real, this.nanoseconds)
  }

  toString(): string {
    return `let ${this.nanoseconds / SECOND} s pass`
  }
}

function pass(model: Model, real: Real, nanoseconds: bigint): void {
  model.clock.pass(nanoseconds)
  real.clock.pass(nanoseconds)
  noteTimes(model)
}

function noteTimes(model: Model): void {
  const now = model.clock.now()
  if (now > model.latest) model.latest = now
  if (now < NEW_YEAR + model.clock.steady.now()) model.wasBehind = true
}

/** The model just goes on. */
export class Reopen implements Step {
  check = () => true

  async run(model: Model, real: Real): Promise<void> {
    model.restarts++
    await real.store.close()
    must(real.disk.openFiles.length === 0, () => `still open: ${real.disk.openFiles.join()}`)
    real.store = await real.open(real.disk)
    mustAgree('head after reopening', real.store.head(), model.store.head())
  }

  toString = () => 'reopen'
}

/** Nothing is in flight, so everything acknowledged is all there is. */
export class Crash implements Step {
  constructor(
    private readonly mode: CrashMode,
    private readonly seed: number,
  ) {}

  check = () => true

  async run(model: Model, real: Real): Promise<void> {
    model.restarts++
    real.disk = real.disk.afterCrash(this.seed, this.mode)
    real.store = await real.open(real.disk)
    mustAgree('head after a crash', real.store.head(), model.store.head())
    const [found, wanted] = [await readAll(real.store), await readAll(model.store)]
    mustAgree('events after a crash', found.map(told), wanted.map(told))
  }

  toString(): string {
    return `crash ${this.mode} ${this.seed}`
  }
}
