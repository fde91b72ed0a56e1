// Every opening and reading behind an answer fails, once and for good, in each way a system can refuse: over the real HTTP
// server each answer is one of the catalogue, the rest is served, and nothing ends the process.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ERRORS, type ErrorCode } from '../../src/contract/errors.js'
import { AgedStore } from '../support/aged-store.js'
import { SOAK, stride, tell } from '../support/effort.js'
import { FailingReads } from '../support/failing-reads.js'
import { FakeDisk } from '../support/fake-disk.js'
import { DAY, ManualClock } from '../support/manual-clock.js'
import { tokenOf } from '../support/running-server.js'
import { type ServerInProcess, startOn } from '../support/server-on-a-disk.js'
import { must } from './ack-journal.js'

const CODES = ['EIO', 'EMFILE', 'ENOSPC'] as const
const DAYS = 8
const AUTHOR = { agentId: 'a1' }
const NOTHING_BY_ITSELF = {
  archiveAfterDays: 0,
  scrubBytesPerSecond: 0,
  idleMarkMs: 0,
  presizeBytes: 0,
  reserveBytes: 0,
}
/** Every look at a file opens it anew, and hardly a page of an index stays. */
const FORGETFUL = { openFiles: 1, pageCacheBytes: 4_096, cachedStreams: 1 }

let disk: FailingReads
let server: ServerInProcess
let ids: readonly string[]
let tokens: { readonly worker: string; readonly admin: string }
let snapshot: string

/** Days of large and small events with one tag among others: those with it are fetched in pieces of both kinds. */
async function writtenDisk(): Promise<{ fake: FakeDisk; clock: ManualClock }> {
  const fake = new FakeDisk({ directories: ['/data'] })
  const clock = new ManualClock()
  const aged = await AgedStore.open(fake, '/data', clock, { archiveAfterDays: 5 })
  for (let day = 0; day < DAYS; day++) {
    for (const [stream, filler, tags] of [
      ['orders', day % 3 === 0 ? 70_000 : 100, ['x']],
      ['visits', 5_000, []],
      ['orders', 100, ['x']],
      ['visits', 5_000, []],
      ['visits', 100, ['x', 'y']],
    ] as const) {
      const event = { type: 'told', stream, tags: [...tags], data: { day, filler: 'f'.repeat(filler) } }
      await aged.store.append({ events: [event], author: { ...AUTHOR, correlationId: 'c1' } })
    }
    clock.pass(DAY)
  }
  while (await aged.store.maintenance.pass());
  must(aged.told.archived.length > 1, () => 'nothing was archived: archives are a path of their own')
  await aged.store.close()
  return { fake, clock }
}

beforeAll(async () => {
  const { fake, clock } = await writtenDisk()
  disk = new FailingReads(fake)
  server = await startOn(disk, { directory: '/data', clock, ...NOTHING_BY_ITSELF, ...FORGETFUL })
  tokens = {
    worker: await tokenOf({ sub: 'ops', role: 'system_agent' }),
    admin: await tokenOf({ sub: 'boss', role: 'admin' }),
  }
  const events = (await (await call('/v1/events?limit=100')).json()) as { events: { id: string }[] }
  ids = events.events.map(({ id }) => id)
  const made = await post('/v1/snapshots', { filter: { streams: ['orders'] } }, tokens.admin)
  expect(made.status).toBe(201)
  snapshot = ((await made.json()) as { snapshot: { id: string } }).snapshot.id
  await freshGroup()
}, 60_000)

afterAll(() => server.stop())

function call(path: string, headers: object = {}, more: RequestInit = {}, token = tokens.worker): Promise<Response> {
  const signal = AbortSignal.timeout(20_000)
  return fetch(server.url + path, { signal, ...more, headers: { authorization: `Bearer ${token}`, ...headers } })
}

function post(path: string, body: object, token = tokens.worker, method = 'POST'): Promise<Response> {
  return call(path, { 'content-type': 'application/json' }, { method, body: JSON.stringify(body) }, token)
}

/** One that has handed out nothing yet. */
async function freshGroup(): Promise<void> {
  await call('/v1/subscriptions/desk', {}, { method: 'DELETE' })
  const group = { filter: { tags: ['x'] }, after: 'start' }
  const { status } = await post('/v1/subscriptions/desk', group, tokens.worker, 'PUT')
  must(status === 201, () => `a group cannot be defined: ${status}`)
}

const accepting = (accept: string) => ({ accept })

/** To the last event there is, to the end it is told of, or to where it breaks off. */
async function followed(): Promise<Response> {
  const stop = new AbortController()
  const answer = await call('/v1/events?tag=x', accepting('text/event-stream'), { signal: stop.signal })
  if (answer.status !== 200 || answer.body === null) return answer
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.includes(`id: ${ids.length}\n`) || text.includes('event: error')) break
  }
  stop.abort()
  return new Response(text.replaceAll(/f{50,}/g, ''), { status: 200, headers: answer.headers })
}

/** Pieces that are read at once and pieces that are begun stand in one fetch there: what fails with one must not lose the others. */
const MIXED = 'a page by tag'

function stepOf(name: string): number {
  return name === MIXED ? 1 : 5
}

type Ask = () => Promise<Response>

const asks: readonly (readonly [string, Ask, (() => Promise<void>)?])[] = [
  ['a page', () => call('/v1/events?limit=100')],
  [MIXED, () => call('/v1/events?tag=x&limit=100')],
  ['a page backwards', () => call('/v1/events?stream=orders&order=desc&limit=4')],
  ['an event by id', () => call(`/v1/events/${ids[2]}`)],
  ['the events of a stream', () => call('/v1/streams/visits/events?limit=20')],
  ['the streams', () => call('/v1/streams')],
  ['a stream', () => call('/v1/streams/orders')],
  ['lines', () => call('/v1/events?tag=x', accepting('application/x-ndjson'))],
  ['an export', () => call('/v1/export', {}, {}, tokens.admin)],
  ['a follower', followed],
  ['a wait', () => call('/v1/events/wait?after=3&tag=y&timeout=1')],
  ['a query', () => post('/v1/events/query', { where: { field: 'tags', op: 'eq', value: 'y' } })],
  ['causes', () => call(`/v1/events/${ids[30]}/causes`)],
  ['a correlation', () => call('/v1/correlations/c1')],
  ['a replay', () => post('/v1/replay', { filter: { streams: ['visits'] } })],
  ['a state', () => call('/v1/streams/orders/state')],
  ['a state at a time', () => call('/v1/streams/orders/state?at=20')],
  ['snapshots', () => call('/v1/snapshots', {}, {}, tokens.admin)],
  ['a snapshot', () => call(`/v1/snapshots/${snapshot}/state`, {}, {}, tokens.admin)],
  ['a take', () => call('/v1/subscriptions/desk/take?max=3', {}, { method: 'POST' }), freshGroup],
  ['a group', () => call('/v1/subscriptions/desk')],
  ['health', () => call('/health/event_store')],
]

interface Verdict {
  /** undefined: served as if nothing had been. */
  readonly code: ErrorCode | undefined
}

/** What may be said: the whole answer, or what went wrong in the catalogue's words. */
async function verdictOf(answer: Response): Promise<Verdict> {
  const text = await answer.text()
  const { status } = answer
  if (status >= 400 && (answer.headers.get('content-type') ?? '').startsWith('application/problem+json')) {
    const { code } = JSON.parse(text) as { code: ErrorCode }
    must(ERRORS[code].status === status, () => `${code} is answered with ${status}`)
    return { code: catalogued(code) }
  }
  must(status < 400 || status === 503, () => `${status} without a problem: ${text.slice(0, 300)}`)
  const told = /"(?:type|kind)":"error".*?"code":"(\w+)"|event: error\ndata: .*?"code":"(\w+)"/s.exec(text)
  return { code: told === null ? undefined : catalogued((told[1] ?? told[2]) as ErrorCode) }
}

function catalogued(code: ErrorCode): ErrorCode {
  must(Object.hasOwn(ERRORS, code), () => `${code} is not in the catalogue`)
  // What a disk that fails is called: never damage, never a defect of the server, never what the caller did wrong.
  must(['STORAGE_UNAVAILABLE', 'INDETERMINATE', 'OVERLOADED'].includes(code), () => `a failing disk is called ${code}`)
  return code
}

const counts = { asked: 0, faults: 0, answered: 0, refused: 0, operations: 0 }

/** False when the answer needed fewer operations than the fault waits for. */
async function askUnder(ask: Ask, fault: { at: number; code: string; forGood: boolean }) {
  disk.arm(fault)
  const { code } = await verdictOf(await ask())
  const { delivered } = disk
  disk.heal()
  counts.asked++
  counts.faults += delivered
  counts[code === undefined ? 'answered' : 'refused']++
  return delivered > 0
}

async function mustBeServed(name: string, ask: Ask): Promise<void> {
  const { code } = await verdictOf(await ask())
  must(code === undefined, () => `${name} is not served by a sound disk: ${code}`)
}

test.each(asks)(
  '%s: with every opening and reading failing',
  async (name, ask, prepare = async () => undefined) => {
    await mustBeServed(name, ask)
    for (const forGood of [false, true]) {
      for (let at = 1, more = true; more; at += forGood ? stride(stepOf(name), 3 * stepOf(name)) : stride(1, 3)) {
        more = false
        // In a hurry one way of failing for each operation, each of them at its turn.
        const codes = SOAK > 0 ? CODES : [CODES[(at + Number(forGood)) % CODES.length] as string]
        for (const code of codes) {
          try {
            await prepare()
            more = (await askUnder(ask, { at, code, forGood })) || more
            if (more) await mustBeServed(name, ask)
          } catch (error) {
            throw new Error(`${name}, ${code} at operation ${at}${forGood ? ' and for good' : ''}`, { cause: error })
          }
        }
        if (!forGood) counts.operations = Math.max(counts.operations, at)
      }
    }
    const { write, damaged } = server.store.status()
    expect({ write, damaged }).toEqual({ write: { writable: true }, damaged: [] })
  },
  3_600_000,
)

test('faults were delivered, and the store takes appends as before', async () => {
  tell('reads that fail', { ...counts })
  must(counts.faults > 0 && counts.refused > 0 && counts.answered > 0, () => 'this gate proved nothing')
  const stored = await post('/v1/events', { stream: 'after', type: 'after', data: {} })
  expect(stored.status).toBe(201)
})
