// Judges a run: whether its schedule was kept, nothing was lost, everything came in time, and trouble ended in time.
import type { DoneFault } from './faults.js'
import { type HeapGrowth, judgedGrowth } from './growth.js'
import type { Rechecked } from './ledger/kept-ledgers.js'
import {
  atMost,
  isGood,
  isUsual,
  type Judging,
  judgedParts,
  judgedSchedule,
  judgedStore,
  judgedTimes,
  type LevelVerdict,
  RECOVERY_SECONDS,
  recoveredAfter,
} from './levels.js'
import type { GeneratorResult } from './messages.js'
import { timesOf } from './recorder.js'
import type { Report } from './report.js'
import { rateAt } from './schedule.js'
import type { Watch } from './watch.js'

interface Evidence {
  readonly results: readonly GeneratorResult[]
  readonly watch: Pick<Watch, 'last'>
  readonly faults: readonly DoneFault[]
  readonly growth: HeapGrowth
  readonly rechecked: readonly Rechecked[]
  readonly lateMs: number
}

type Judgement = Pick<Report, 'faults' | 'breakingPoint' | 'verdicts'>

export function judged(judging: Judging, { results, watch, faults, growth, rechecked, lateMs }: Evidence): Judgement {
  const { phases, recorder } = judging
  const disturbances = [...ebbs(judging), ...faults.map(fault => disturbanceOf(judging, fault))]
  const isQuiet = (second: number) => isUsual(phases, second) && !disturbances.some(one => isWithin(one, second))
  const breakingPoint = breakingPointOf(judging)
  // Beyond it there is no processor left for anybody, and nothing of it is judged.
  const inTime = breakingPoint?.second ?? Number.POSITIVE_INFINITY
  const { late } = recorder.sum(second => second < inTime || isQuiet(second))
  return {
    faults: faults.map((fault, at) => ({
      ...fault,
      recoveredAfterSeconds: disturbances[disturbances.length - faults.length + at]?.recoveredAfter,
    })),
    breakingPoint,
    verdicts: [
      ...judgedSchedule(results, timesOf(late), lateMs),
      ...judgedStore(results),
      ...judgedParts(rechecked),
      ...judgedAnswers(judging, { isQuiet, hasFaults: faults.length > 0 }),
      ...judgedTimes(judging, isQuiet),
      ...judgedAccepted(judging),
      ...disturbances.map(({ of, recoveredAfter: seconds = Number.POSITIVE_INFINITY }) =>
        atMost(`recovery after ${of}`, seconds, RECOVERY_SECONDS, 's'),
      ),
      ...judgedGrowth(growth, phases.at(-1)?.ends ?? 0),
      atMost('modes at the end other than NORMAL', modeIsNormal(watch) ? 0 : 1, 0, ''),
    ],
  }
}

const modeIsNormal = ({ last }: Pick<Watch, 'last'>) => last?.labelOf('lighthouse_mode', 'mode') === 'NORMAL'

/** What the service has to recover from. */
interface Disturbance {
  readonly of: string
  readonly begins: number
  /** From here on it may recover. */
  readonly over: number
  readonly recoveredAfter: number | undefined
}

function disturbanceOf(judging: Judging, { kind, at, awaySeconds }: DoneFault): Disturbance {
  const over = at + awaySeconds
  return { of: `${kind} at ${at} s`, begins: at, over, recoveredAfter: recoveredAfter(judging, over) }
}

/** The end of each phase behind which there is one that asks for much less. */
function ebbs(judging: Judging): readonly Disturbance[] {
  const { phases } = judging
  return phases.flatMap(({ name, ends, kind, to }, index) => {
    const next = phases[index + 1]
    if (kind === 'calm' || next?.kind !== 'calm' || next.from > to / 2) return []
    return [{ of: name, begins: ends, over: ends, recoveredAfter: recoveredAfter(judging, ends) }]
  })
}

/** From where it begins until all is as before, and no longer than that may take. */
function isWithin({ begins, over, recoveredAfter: seconds = RECOVERY_SECONDS }: Disturbance, second: number): boolean {
  return second + 1 > begins && second < over + Math.min(RECOVERY_SECONDS, seconds)
}

interface Answers {
  readonly isQuiet: (second: number) => boolean
  readonly hasFaults: boolean
}

/** Nothing fails; nothing is refused where no more is asked than may be; and who is refused is told when to come again. */
function judgedAnswers({ recorder }: Judging, { isQuiet, hasFaults }: Answers): readonly LevelVerdict[] {
  const all = countsOf(recorder.sum())
  const quiet = countsOf(recorder.sum(isQuiet))
  return [
    atMost('operations that failed', all.failed, 0, ''),
    atMost('operations without an answer', hasFaults ? quiet.unanswered : all.unanswered, 0, ''),
    atMost('operations refused though not too much was asked', quiet.refused + quiet.curt, 0, ''),
    atMost('operations refused without Retry-After', all.curt, 0, ''),
  ]
}

function countsOf({ measured }: ReturnType<Judging['recorder']['sum']>) {
  const sum = { failed: 0, unanswered: 0, refused: 0, curt: 0 }
  for (const { counts } of measured.values()) {
    sum.failed += counts.failed
    sum.unanswered += counts.unanswered
    sum.refused += counts.refused
    sum.curt += counts.curt
  }
  return sum
}

/** Under an overload that lasts, what is accepted is still in time. A ramp goes on until it is not. */
function judgedAccepted(judging: Judging): readonly LevelVerdict[] {
  const { phases } = judging
  const lasting = phases.find(({ kind, from, to }) => kind === 'beyond' && from === to)
  if (lasting === undefined) return []
  return judgedTimes(judging, second => second >= lasting.begins && second < lasting.ends).map(verdict => ({
    ...verdict,
    of: `${lasting.name}: ${verdict.of} of what was accepted`,
  }))
}

/** The first slice of a growing phase that is not good, and neither is the next. */
function breakingPointOf(judging: Judging): Report['breakingPoint'] {
  const { phases, recorder } = judging
  const growing = phases.find(({ kind, from, to }) => kind === 'beyond' && to > from)
  if (growing === undefined) return undefined
  const { slices, sliceSeconds } = recorder
  const isOfIt = (second: number) => second >= growing.begins && second + sliceSeconds <= growing.ends
  const at = slices.findIndex(
    (slice, index) =>
      isOfIt(index * sliceSeconds) && [slice, slices[index + 1] ?? slice].every(looked => !isGood(looked, judging)),
  )
  if (at < 0) return undefined
  const second = at * sliceSeconds
  return { second, perSecond: Math.round(rateAt(growing, second)) }
}
