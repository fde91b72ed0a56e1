// Shows how well the objectives of the service are met: as metrics, and as a table for people.
import { Injectable } from '@nestjs/common'
import { Metrics } from '../../metrics/metrics.js'
import { Monitors } from '../../monitors/monitors.service.js'
import { ServiceLevels, TIMED_WORK } from '../../monitors/service-levels.js'
import { BURN_WINDOWS, type BurnWindow, type ObjectiveState } from '../../monitors/service-objectives.js'
import type { ServiceLevelsAnswerDto } from './service-levels.dto.js'

const WINDOWS = Object.keys(BURN_WINDOWS) as BurnWindow[]

@Injectable()
export class ServiceLevelTable {
  constructor(
    private readonly monitors: Monitors,
    private readonly levels: ServiceLevels,
    metrics: Metrics,
  ) {
    const { objectives } = monitors
    const gauge = (name: string, help: string, figure: (state: ObjectiveState) => number) =>
      metrics.table(name, help, ['objective'], () =>
        objectives.states.map(state => ({ labels: { objective: state.objective }, value: figure(state) })),
      )
    const tally = (name: string, help: string, figure: (state: ObjectiveState) => number) =>
      metrics.tally(name, help, 'objective', () =>
        Object.fromEntries(objectives.states.map(state => [state.objective, figure(state)])),
      )
    tally('sli_events_total', 'What an objective counts.', ({ all }) => all)
    tally('sli_good_events_total', 'Of it, what was as good as the objective asks.', ({ good }) => good)
    gauge('slo_target_ratio', 'The part that has to be good.', ({ share }) => share)
    gauge('slo_breached', '1 while an objective is missed for hours, 2 while fast, else 0.', ({ level }) => RANK[level])
    gauge(
      'error_budget_remaining_ratio',
      'What is left of the error budget of 30 days, or since the start; below 0 when it is overspent.',
      ({ budgetRemaining }) => budgetRemaining,
    )
    metrics.table(
      'error_budget_burn_rate',
      'How fast the error budget is spent in a window; 1 is evenly over 30 days.',
      ['objective', 'window'],
      () =>
        objectives.states.flatMap(({ objective, burn }) =>
          WINDOWS.map(window => ({ labels: { objective, window }, value: burn[window] })),
        ),
    )
  }

  answer(): ServiceLevelsAnswerDto {
    return {
      objectives: this.monitors.objectives.states.map(state => ({
        objective: state.objective,
        level: state.level,
        share: state.share,
        withinMs: state.withinMs,
        counted: state.all,
        good: state.good,
        budgetRemaining: state.budgetRemaining,
        burn: state.burn,
      })),
      lastMinute: TIMED_WORK.map(work => ({ work, quantiles: this.quantiles(work) })),
    }
  }

  /** Of the last minute, in ms; null when nothing happened. */
  private quantiles(work: (typeof TIMED_WORK)[number]) {
    const of = (q: number) => this.levels.quantile(work, q) ?? null
    return { p50: of(0.5), p95: of(0.95), p99: of(0.99), p999: of(0.999) }
  }
}

const RANK = { ok: 0, warning: 1, critical: 2 } as const
