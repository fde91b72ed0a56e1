// An hour of each measured cause held at its threshold, on a driven clock: the mode settles, and never swings to and fro.
import { describe, expect, test } from '@jest/globals'
import { FIRST_MODE, type Mode, nextMode, wantsTrial } from '../../src/degradation/next-mode.js'
import { LevelJudge } from '../../src/monitors/level-judge.js'
import { type Cause, Signals } from '../../src/signals/signals.js'
import { Random } from '../support/random.js'

const WINDOW_MS = 5_000
const HOUR_MS = 3_600_000
/** By so much of it swings what is measured of the latency and failures of appends, and of a resource. */
const OF_APPENDS = [0, 0.02, 0.1, 0.3, 0.5]
const OF_A_RESOURCE = [0, 0.01, 0.03, 0.05]
/** Of the mode in an hour: a handful, of which each is further from the last. */
const HANDFUL = 14

/** Judged in windows: three in a row of the figures of appends, one of those that are looked up. */
const MEASURED = [
  { cause: 'write_latency', threshold: { warning: 100, critical: 1_000 }, windows: 3, ofAppends: true },
  { cause: 'write_errors', threshold: { warning: 0.01, critical: 0.05 }, windows: 3, ofAppends: true },
  { cause: 'storage_space', threshold: { warning: 0.9, critical: 0.95 }, windows: 1, ofAppends: false },
  { cause: 'memory', threshold: { warning: 0.9, critical: 0.95 }, windows: 1, ofAppends: false },
] as const

interface Held {
  readonly cause: Cause
  readonly at: number
  readonly swing: number
}

/** The modes that were entered, each with its time. While no append is taken, nothing of appends can be measured. */
function hourOf({ cause, at, swing }: Held, judge: LevelJudge, ofAppends: boolean): { mode: Mode; ms: number }[] {
  const random = new Random(1)
  const signals = new Signals()
  const entered: { mode: Mode; ms: number }[] = []
  let state = FIRST_MODE
  for (let ms = 0; ms < HOUR_MS; ms += 1_000) {
    if (ms % WINDOW_MS === 0) {
      const isSilent = ofAppends && state.mode === 'EMERGENCY'
      const figure = isSilent ? undefined : at * (1 + swing * (2 * random.next() - 1))
      signals.tell({ cause, level: judge.judge(figure), detail: '', metrics: {} })
    }
    const facts = { nowMs: ms, signals: signals.active }
    const before = state.mode
    state = nextMode(state, wantsTrial(state, facts) ? { ...facts, trial: 'stored' } : facts)
    if (state.mode !== before) entered.push({ mode: state.mode, ms })
  }
  return entered
}

describe.each(MEASURED)('$cause', ({ cause, threshold, windows, ofAppends }) => {
  const swings = ofAppends ? OF_APPENDS : OF_A_RESOURCE
  test.each(swings)('at the threshold of its warning, swinging by %d of it', swing => {
    const entered = hourOf({ cause, at: threshold.warning, swing }, new LevelJudge(threshold, windows), ofAppends)
    expect(entered.map(({ mode }) => mode)).not.toContain('EMERGENCY')
    expect(entered.length).toBeLessThanOrEqual(HANDFUL)
  })

  test.each(swings)('at its critical threshold, swinging by %d of it', swing => {
    const entered = hourOf({ cause, at: threshold.critical, swing }, new LevelJudge(threshold, windows), ofAppends)
    process.stdout.write(`${cause} swinging by ${swing}: ${entered.length} changes in an hour\n`)
    expect(entered.length).toBeLessThanOrEqual(HANDFUL)
    const emergencies = entered.filter(({ mode }) => mode === 'EMERGENCY').map(({ ms }) => ms)
    const between = emergencies.slice(1).map((ms, at) => ms - (emergencies[at] as number))
    expect(between.every(ms => ms >= 30_000)).toBe(true)
  })
})
