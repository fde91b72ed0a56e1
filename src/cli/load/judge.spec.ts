// What a run is judged by: figures that are made here, and a store that has lost what it acknowledged.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Lighthouse } from '#client'
import { tokenOf } from '../../../test/support/running-server.js'
import { type ServerInProcess, startFakeServer } from '../../../test/support/server-on-a-disk.js'
import { makeTempDirectory, removeTempDirectory } from '../../../test/support/temp-directory.js'
import { faultsFrom } from './faults.js'
import { heapGrowthOf } from './growth.js'
import { judged } from './judge.js'
import { NOBODY, NOTHING_SENT } from './ledger/check-ledger.js'
import { type LevelVerdict, RECOVERY_SECONDS } from './levels.js'
import type { GeneratorResult, Plan } from './messages.js'
import { OUTCOMES } from './operations.js'
import { LOAD_OPERATIONS, type LoadOperation, PROFILES, type Profile, type ProfileName, planned } from './profile.js'
import { Recorder } from './recorder.js'
import { type GeneratorWork, workOf } from './roles.js'
import { RunClock, Tally } from './sender.js'
import { MetricsPage } from './watch.js'

let server: ServerInProcess
const directory = makeTempDirectory()

beforeAll(async () => {
  server = await startFakeServer()
})

afterAll(async () => {
  await server.stop()
  removeTempDirectory(directory)
})

const NORMAL = { last: new MetricsPage('lighthouse_mode{mode="NORMAL"} 1\n') }
const RESULT: GeneratorResult = {
  name: 'g',
  planned: 0,
  begun: 0,
  held: 0,
  acknowledged: 0,
  check: NOTHING_SENT,
  told: [],
}

interface Made {
  readonly operation?: LoadOperation
  readonly ms?: (second: number) => number
  readonly outcome?: (second: number) => (typeof OUTCOMES)[number]
  readonly lateMs?: (second: number) => number
}

/** Ten operations a second for a minute. */
function madeOf(name: ProfileName, made: Made = {}) {
  const { operation = 'append', ms = () => 1, outcome = () => 'done', lateMs = () => 0 } = made
  const recorder = new Recorder(60)
  const rows: number[] = []
  for (let at = 0; at < 60_000; at += 100) {
    const second = Math.floor(at / 1_000)
    const what = OUTCOMES.indexOf(outcome(second))
    rows.push(LOAD_OPERATIONS.indexOf(operation), at, ms(second) * 1_000, what, lateMs(second), 1)
  }
  recorder.take(Float64Array.from(rows))
  const profile: Profile = PROFILES[name]
  return { profile, phases: planned(profile, { seconds: 60, scale: 1, capacity: 100 }), recorder, tolerance: 1 }
}

function longRun() {
  const made = madeOf('five')
  return { ...made, phases: planned(PROFILES.five, { seconds: 3_600, scale: 1, capacity: 100 }) }
}

const EVIDENCE = {
  results: [RESULT],
  watch: NORMAL,
  faults: [],
  growth: heapGrowthOf([], 60),
  rechecked: [],
  lateMs: 25,
}
const failing = (verdicts: readonly LevelVerdict[]) => verdicts.filter(({ holds }) => !holds).map(({ of }) => of)

test('a run in which everything came in time holds', () => {
  const { verdicts } = judged(madeOf('five'), EVIDENCE)
  expect(failing(verdicts)).toEqual([])
  expect(verdicts.map(({ of }) => of)).toContain('append p99.9')
})

test('what takes too long is told by the percentiles that it reaches, and a tolerance allows it', () => {
  const slow = madeOf('ten', { ms: second => (second < 5 ? 80 : 1) })
  expect(failing(judged(slow, EVIDENCE).verdicts)).toEqual(['append p95', 'append p99'])
  expect(failing(judged({ ...slow, tolerance: 20 }, EVIDENCE).verdicts)).toEqual([])
})

test('a generator that is late fails the run, and so does an operation that it left out', () => {
  const late = madeOf('five', { lateMs: second => (second === 7 ? 400 : 0) })
  expect(failing(judged(late, EVIDENCE).verdicts)).toEqual(['schedule: p99 of how late the generators sent'])
  const results = [{ ...RESULT, planned: 600, begun: 599 }]
  const { verdicts } = judged(madeOf('five'), { ...EVIDENCE, results })
  expect(failing(verdicts)).toEqual(['schedule: operations that were never sent'])
})

test('what is refused too soon, or without Retry-After, unanswered or failed, fails the run', () => {
  const of = (outcome: (typeof OUTCOMES)[number]) =>
    madeOf('five', { outcome: second => (second === 3 ? outcome : 'done') })
  const told = (['refused', 'curt', 'unanswered', 'failed'] as const).map(outcome =>
    failing(judged(of(outcome), EVIDENCE).verdicts),
  )
  expect(told).toEqual([
    ['operations refused though not too much was asked'],
    ['operations refused though not too much was asked', 'operations refused without Retry-After'],
    ['operations without an answer'],
    ['operations that failed'],
  ])
})

test('beyond what it may be able to do a server may refuse, and what it accepts is still in time', () => {
  const outcome = (second: number) => (second >= 9 && second < 42 && second % 2 === 0 ? 'refused' : 'done')
  const overloaded = (ms: number) =>
    madeOf('overload', { operation: 'batch', outcome, ms: second => (second >= 9 && second < 42 ? ms : 5) })
  expect(failing(judged(overloaded(40), EVIDENCE).verdicts)).toEqual([])
  expect(failing(judged(overloaded(70), EVIDENCE).verdicts)).toEqual(['overload: batch p99 of what was accepted'])
})

test('a ramp has its breaking point where it is no longer in time, and nothing beyond is held against it', () => {
  const slow = {
    ms: (second: number) => (second >= 30 && second < 42 ? 500 : 5),
    lateMs: (second: number) => (second >= 30 && second < 42 ? 500 : 0),
  }
  const { verdicts, breakingPoint } = judged(madeOf('ramp', { operation: 'batch', ...slow }), EVIDENCE)
  expect(breakingPoint?.second).toBe(30)
  expect(breakingPoint?.perSecond).toBeGreaterThan(100)
  expect(failing(verdicts)).toEqual([])
})

test('after a fault times are not judged until all is as before, and that has to be soon', () => {
  const [fault] = faultsFrom('kill@10', 60)
  const faults = [{ kind: 'kill', at: fault?.at ?? 0, awaySeconds: 2 }] as const
  const slowUntil = (end: number) => madeOf('five', { ms: second => (second >= 10 && second < end ? 2_000 : 1) })
  const soon = judged(slowUntil(20), { ...EVIDENCE, faults })
  expect([failing(soon.verdicts), soon.faults[0]?.recoveredAfterSeconds]).toEqual([[], 8])
  const late = judged(slowUntil(50), { ...EVIDENCE, faults })
  expect(late.faults[0]?.recoveredAfterSeconds).toBeGreaterThan(RECOVERY_SECONDS)
  expect(failing(late.verdicts)).toContain('recovery after kill at 10 s')
})

test('a heap that grows by more than a percent an hour fails a long run, and what is under way does not', () => {
  const grown = (percent: number) => (second: number, at: number) => ({
    second,
    // Every fourth look finds a lot under way.
    heapBytes: 1e8 * (1 + (percent / 100) * (second / 3_600)) + (at % 4 === 0 ? 2e7 : 1e5 * (at % 3)),
    externalBytes: 0,
    residentBytes: 3e8,
  })
  const seconds = Array.from({ length: 36 }, (_, at) => at * 100)
  const of = (percent: number) => heapGrowthOf(seconds.map(grown(percent)), 3_600)
  const told = (percent: number) => failing(judged(longRun(), { ...EVIDENCE, growth: of(percent) }).verdicts)
  expect([told(0), told(0.8), told(3)]).toEqual([[], [], ['growth of the heap in the last half']])
  expect(of(5).heapPercentPerHour).toBeCloseTo(5, 0)
  expect(of(5).residentPercentPerHour).toBe(0)
})

test('a burst after which it stays slow is told as one without recovery', () => {
  const slow = madeOf('burst', { ms: second => (second >= 10 ? 50 : 1) })
  const { verdicts } = judged(slow, EVIDENCE)
  expect(verdicts.find(({ of }) => of === 'recovery after burst')).toMatchObject({ measured: Infinity, holds: false })
})

test('what is left of an overload is not judged until it is worked off, and that is timed', () => {
  const slow = madeOf('ramp', { operation: 'batch', ms: second => (second >= 35 && second < 50 ? 3_000 : 5) })
  const { verdicts } = judged(slow, EVIDENCE)
  expect(failing(verdicts)).toEqual([])
  expect(verdicts.find(({ of }) => of === 'recovery after ramp')).toMatchObject({ measured: 8, holds: true })
})

test('faults have a time or are spread over the run, and what is none is refused', () => {
  expect(faultsFrom('cut@40,kill@20', 60)).toEqual([
    { kind: 'kill', at: 20 },
    { kind: 'cut', at: 40 },
  ])
  expect(faultsFrom('cut,kill', 60).map(({ at }) => at)).toEqual([20, 40])
  expect(() => faultsFrom('burn', 60)).toThrow('--faults takes a list such as kill@20,cut@40, and not burn')
  expect(() => faultsFrom('kill@60', 60)).toThrow('after the end of the run')
})

/** A generator in this process, for a second of appends unless told otherwise, with this fetch under its client. */
async function generated(fetch: typeof globalThis.fetch, given: Profile = PROFILES.five): Promise<GeneratorResult> {
  const lighthouse = new Lighthouse({
    url: server.url,
    token: () => tokenOf({ sub: 'operator', role: 'admin' }),
    fetch,
  })
  const profile: Profile = { ...given, agents: 2, preload: 0 }
  const phases = planned(profile, { seconds: 1, scale: 1, capacity: 0 })
  const base = `agent_operator/load-${Math.random().toString(36).slice(2)}`
  const plan: Plan = {
    role: 'schedule',
    url: server.url,
    base,
    name: 'g',
    seed: '1',
    part: 1,
    profile,
    phases,
    directory,
    isKept: false,
  }
  const work: GeneratorWork = workOf({ plan, lighthouse, patient: lighthouse, tally: new Tally() })
  await work.prepare()
  await work.run(new RunClock(Date.now()))
  return work.end()
}

test('an event that was acknowledged and is not there is found, by what appended it and at the end', async () => {
  let left = 50
  // A server that lies: it acknowledges and stores nothing.
  const losing: typeof fetch = async (input, init) => {
    const isAppend = init?.method === 'POST' && String(input).endsWith('v1/events')
    if (!isAppend || --left !== 0) return fetch(input, init)
    const { stream } = JSON.parse(String(init?.body)) as { readonly stream: string }
    const said = { id: '0000000000000000001_1_liar', position: 1, stream, revision: 0, duplicate: false }
    return Response.json({ ...said, timestamp: new Date().toISOString() }, { status: 201 })
  }
  const [honest, lying] = await Promise.all([generated(fetch), generated(losing)])
  expect(honest.planned).toBeGreaterThan(20)
  expect(honest.begun).toBe(honest.planned)
  expect(honest.check).toMatchObject({ retired: 0, unacknowledged: 0, lost: NOBODY, doubled: NOBODY, changed: NOBODY })
  expect([honest.check.stored, honest.check.unknown]).toEqual([honest.acknowledged, NOBODY])
  expect([lying.check.lost.count, lying.check.stored]).toEqual([1, lying.acknowledged - 1])
  const of = (results: readonly GeneratorResult[]) => failing(judged(madeOf('five'), { ...EVIDENCE, results }).verdicts)
  expect([of([honest]), of([honest, lying])]).toEqual([[], ['acknowledged events that are lost']])
})

test('every operation of every schedule does as it is meant', async () => {
  const mix = Object.fromEntries(
    Object.values(PROFILES).flatMap(profile => Object.keys(profile.mix).map(name => [name, 1])),
  )
  const { told, check, begun, planned: asked } = await generated(fetch, { ...PROFILES.five, mix, batch: 3 })
  expect(told).toEqual([])
  expect([begun, check]).toEqual([asked, { ...check, lost: NOBODY, doubled: NOBODY, changed: NOBODY, unknown: NOBODY }])
})
