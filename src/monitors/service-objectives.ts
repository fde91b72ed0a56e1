// Judges each objective by how fast its error budget burns, over a short and a long window at once, and tells the worst.
import type { ServiceLevelSettings } from '../config/figures.js'
import type { SignalLevel, Signals } from '../signals/signals.js'
import { ErrorBudget } from './error-budget.js'
import { LevelJudge } from './level-judge.js'
import type { Slice, TimedWork } from './service-levels.js'
import { LEAST_SAMPLES, WINDOWS } from './write-monitor.js'

export type Objective = keyof ServiceLevelSettings

/** What is counted for each objective. Availability is that of whatever can fail. */
const COUNTED: Readonly<Record<Objective, readonly TimedWork[]>> = {
  append_p50: ['append'],
  append_p95: ['append'],
  append_p99: ['append'],
  append_p999: ['append'],
  query_p99: ['query'],
  delivery_p99: ['delivery'],
  availability: ['append', 'query'],
}

/**
 * The windows of the Site Reliability Workbook: 14.4 times the even rate spends 2 % of a month's budget in an hour, and
 * 6 times the even rate 5 % in six hours. A budget that is large cannot be spent so fast, so of one the rate is a part
 * of the fastest there is.
 */
const FAST = { short: 5, long: 60, rate: 14.4, part: 0.9 } as const
const SLOW = { short: 30, long: 360, rate: 6, part: 0.5 } as const
type Alarm = typeof FAST | typeof SLOW

export const BURN_WINDOWS = { '5m': 5, '30m': 30, '1h': 60, '6h': 360 } as const
export type BurnWindow = keyof typeof BURN_WINDOWS

const NEVER = Number.POSITIVE_INFINITY

export interface ObjectiveState {
  readonly objective: Objective
  readonly level: SignalLevel
  readonly share: number
  readonly withinMs: number
  readonly good: number
  readonly all: number
  readonly budgetRemaining: number
  readonly burn: Readonly<Record<BurnWindow, number>>
}

class JudgedObjective {
  private readonly budget: ErrorBudget
  private readonly slow = new LevelJudge({ warning: 1, critical: NEVER }, WINDOWS)
  private readonly fast = new LevelJudge({ warning: NEVER, critical: 1 }, WINDOWS)
  level: SignalLevel = 'ok'

  constructor(
    readonly objective: Objective,
    readonly share: number,
    readonly withinMs: number,
  ) {
    this.budget = new ErrorBudget(share)
  }

  /** Answers whether the level is another one now. */
  look(slices: Readonly<Record<TimedWork, Slice>>): boolean {
    let [good, all] = [0, 0]
    for (const work of COUNTED[this.objective]) {
      const slice = slices[work]
      good += this.withinMs === 0 ? slice.good : Math.min(slice.good, slice.durations.within(this.withinMs))
      all += slice.good + slice.bad
    }
    this.budget.slice(good, all)
    const slow = this.slow.judge(this.partOf(SLOW))
    const fast = this.fast.judge(this.partOf(FAST))
    const before = this.level
    this.level = fast === 'ok' ? slow : fast
    return this.level !== before
  }

  /** Of the rate that alarms, the part that both windows reach; undefined while too little is known to say. */
  private partOf({ short, long, rate, part }: Alarm): number | undefined {
    const { budget } = this
    // Before that the long window would be no longer than the short one, and a slow start would alarm.
    if (budget.livedMinutes < short || budget.samples(short) < LEAST_SAMPLES) return undefined
    const reached = Math.min(budget.burn(short), budget.burn(long))
    return reached / Math.min(rate, part / (1 - this.share))
  }

  get state(): ObjectiveState {
    const { objective, level, share, withinMs, budget } = this
    const burn = Object.entries(BURN_WINDOWS).map(([name, minutes]) => [name, budget.burn(minutes)])
    return {
      objective,
      level,
      share,
      withinMs,
      good: budget.good,
      all: budget.all,
      budgetRemaining: budget.remaining,
      burn: Object.fromEntries(burn) as Record<BurnWindow, number>,
    }
  }
}

export class ServiceObjectives {
  private readonly judged: readonly JudgedObjective[]

  constructor(
    private readonly signals: Signals,
    settings: ServiceLevelSettings,
    /** Hears of each objective whose level is another one now. */
    private readonly changed: (state: ObjectiveState) => void,
  ) {
    this.judged = Object.entries(settings)
      .filter(([, { share }]) => share > 0)
      .map(([name, { share, withinMs }]) => new JudgedObjective(name as Objective, share, withinMs))
  }

  get states(): readonly ObjectiveState[] {
    return this.judged.map(({ state }) => state)
  }

  /** To be called when the slices are over. */
  look(slices: Readonly<Record<TimedWork, Slice>>): void {
    for (const objective of this.judged) if (objective.look(slices)) this.changed(objective.state)
    const worst =
      this.judged.find(({ level }) => level === 'critical') ?? this.judged.find(({ level }) => level !== 'ok')
    if (worst === undefined) {
      this.signals.tell({ cause: 'service_level', level: 'ok', detail: 'every objective is met', metrics: {} })
      return
    }
    const { state } = worst
    const metrics = {
      burn_rate_5m: state.burn['5m'],
      burn_rate_1h: state.burn['1h'],
      budget_left: state.budgetRemaining,
    }
    this.signals.tell({ cause: 'service_level', level: worst.level, detail: breachOf(state), metrics })
  }
}

/** One sentence about an objective that is not met. */
export function breachOf({ objective, level }: ObjectiveState): string {
  if (level === 'ok') return `the objective ${objective} is met again`
  const pace = level === 'critical' ? 'fast' : 'for hours'
  return `the error budget of the objective ${objective} is being spent ${pace}`
}
