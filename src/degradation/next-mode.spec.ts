// The mode follows from what is wrong, by steps that an operator can predict and that never swing to and fro.
import fc from 'fast-check'
import { CAUSES, type Cause, type Signal, type SignalLevel } from '../signals/signals.js'
import {
  ENDED_BY,
  FIRST_MODE,
  type Mode,
  type ModeState,
  nextMode,
  PACE,
  SHARES,
  wantsTrial,
  withoutWait,
} from './next-mode.js'

const causes = Object.keys(CAUSES) as Cause[]
const signal = (cause: Cause, level: SignalLevel = 'critical'): Signal => ({ cause, level, detail: '', metrics: {} })

/** Drives the mode second by second, with trial writes that succeed or fail as told. */
class Day {
  state: ModeState = FIRST_MODE
  nowMs = 0
  readonly seen: Mode[] = ['NORMAL']
  trials = 0

  pass(seconds: number, signals: readonly Signal[], writes: 'stored' | 'failed' = 'stored'): this {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1_000
      const facts = { nowMs: this.nowMs, signals }
      const trial = wantsTrial(this.state, facts) ? writes : undefined
      if (trial !== undefined) this.trials++
      this.state = nextMode(this.state, { ...facts, ...(trial && { trial }) })
      if (this.state.mode !== this.seen.at(-1)) this.seen.push(this.state.mode)
    }
    return this
  }
}

test('a warning is shown and ends by itself', () => {
  const day = new Day().pass(5, [signal('memory', 'warning')])
  expect([day.state.mode, day.state.cause]).toEqual(['WARNING', 'memory'])
  expect(day.pass(1, []).seen).toEqual(['NORMAL', 'WARNING', 'NORMAL'])
})

test('a resource that was short and is there again leads back by growing shares', () => {
  const day = new Day().pass(60, [signal('storage_space')])
  expect([day.state.mode, day.state.cause, day.trials]).toEqual(['EMERGENCY', 'storage_space', 0])
  day.pass(1, [])
  expect([day.state.mode, SHARES[day.state.share]]).toEqual(['RECOVERING', 0.1])
  day.pass(10, [])
  expect(SHARES[day.state.share]).toBe(0.5)
  day.pass(20, [])
  expect(day.seen).toEqual(['NORMAL', 'EMERGENCY', 'RECOVERING', 'NORMAL'])
})

test('a full disk is found to have room by trying to write, at growing distances', () => {
  const full = [signal('disk_full')]
  const day = new Day().pass(3_600, full, 'failed')
  expect(day.state.mode).toBe('EMERGENCY')
  expect(day.trials).toBeGreaterThan(10)
  expect(day.trials).toBeLessThan(3_600_000 / PACE.mostTrialMs + 10)
})

test('damage waits for an operator, and a failed sync for a new start', () => {
  for (const cause of causes.filter(one => ['operator', 'restart'].includes(ENDED_BY[one]))) {
    const day = new Day().pass(86_400, [signal(cause)])
    expect([day.state.mode, day.state.cause, day.trials]).toEqual(['EMERGENCY', cause, 0])
  }
})

test('what is for people alone moves no mode, and holds no trial write back', () => {
  const forPeople = causes.filter(one => ENDED_BY[one] === 'no mode').map(one => signal(one))
  expect(new Day().pass(60, forPeople).seen).toEqual(['NORMAL'])
  const day = new Day().pass(1, [...forPeople, signal('memory')]).pass(40, forPeople)
  expect(day.seen).toEqual(['NORMAL', 'EMERGENCY', 'RECOVERING', 'NORMAL'])
})

test('a recovery whose trial write fails falls back, and tries again later than before', () => {
  const day = new Day().pass(1, [signal('memory')]).pass(6, [])
  expect(day.state.mode).toBe('RECOVERING')
  day.pass(10, [], 'failed')
  expect([day.state.mode, day.state.relapses]).toEqual(['EMERGENCY', 1])
  expect(day.state.trialMs - day.state.sinceMs).toBe(PACE.growth * PACE.leastMs)
})

test('of several causes the one that is hardest to end is named', () => {
  const day = new Day().pass(1, [signal('memory'), signal('disk_full'), signal('integrity'), signal('write_errors')])
  expect(day.state.cause).toBe('integrity')
})

const moments = fc.array(
  fc.record({
    seconds: fc.integer({ min: 1, max: 40 }),
    signals: fc.uniqueArray(
      fc.record({ cause: fc.constantFrom(...causes), level: fc.constantFrom<SignalLevel>('warning', 'critical') }),
      { selector: ({ cause }) => cause, maxLength: 3 },
    ),
    writes: fc.constantFrom<'stored' | 'failed'>('stored', 'failed'),
  }),
  { maxLength: 30 },
)

test('whatever happens, EMERGENCY stands while a critical cause does, and is left by RECOVERING alone', () => {
  fc.assert(
    fc.property(moments, history => {
      const day = new Day()
      for (const { seconds, signals, writes } of history) {
        day.pass(
          seconds,
          signals.map(({ cause, level }) => signal(cause, level)),
          writes,
        )
        const passes = ['write', 'no mode']
        const blocked = signals.some(({ cause, level }) => level === 'critical' && !passes.includes(ENDED_BY[cause]))
        if (blocked) expect(day.state.mode).toBe('EMERGENCY')
      }
      for (const [at, mode] of day.seen.entries()) {
        if (mode === 'EMERGENCY') expect([undefined, 'RECOVERING']).toContain(day.seen[at + 1])
      }
    }),
  )
})

test('what has come back has to be gone for the whole wait, and the last share holds as long', () => {
  const day = new Day()
    .pass(1, [signal('memory')])
    .pass(6, [])
    .pass(60, [signal('memory')])
  expect([day.state.mode, day.state.relapses]).toEqual(['EMERGENCY', 1])
  const quietMs = PACE.growth * PACE.leastMs
  day.pass(quietMs / 1_000 - 1, [])
  expect(day.state.mode).toBe('EMERGENCY')
  day.pass(1, [])
  expect(day.state.mode).toBe('RECOVERING')
  day.pass(20 + quietMs / 1_000 - 1, [])
  expect(day.state.mode).toBe('RECOVERING')
  expect(day.pass(1, []).state.mode).toBe('NORMAL')
})

test('an operator who says that it is over has ended the wait for what came back', () => {
  const day = new Day()
  for (let relapse = 0; relapse < 5; relapse++) day.pass(5, [signal('memory')]).pass(600, [])
  day.pass(5, [signal('memory')]).pass(10, [])
  expect(day.state.mode).toBe('EMERGENCY')
  day.state = withoutWait(day.state, day.nowMs)
  expect(day.pass(1, []).state.mode).toBe('RECOVERING')
  expect(day.pass(30, []).state.mode).toBe('NORMAL')
})

test('whatever an operator says, a critical cause keeps the mode', () => {
  const day = new Day().pass(20, [signal('memory')])
  day.state = withoutWait(day.state, day.nowMs)
  expect(day.pass(5, [signal('memory')]).state.mode).toBe('EMERGENCY')
})

test.each(causes)('an hour of %s that comes and goes makes few changes, however long each time is', cause => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 600 }), (bad, good) => {
      const day = new Day()
      while (day.nowMs < 3_600_000) day.pass(bad, [signal(cause)]).pass(good, [])
      expect(day.seen.length).toBeLessThanOrEqual(16)
    }),
    { numRuns: 30 },
  )
})

test('a trial that fails in a recovery of which nobody knows the cause is trouble with writing', () => {
  const state: ModeState = { ...FIRST_MODE, mode: 'RECOVERING', cause: undefined }
  expect(nextMode(state, { nowMs: 1, signals: [], trial: 'failed' })).toMatchObject({
    mode: 'EMERGENCY',
    cause: 'write_errors',
  })
})
