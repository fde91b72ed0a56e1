// Counts what is done to the service by those who may, by the name of the route and by what came of it.
import type { Metrics } from './metrics.js'

type Outcome = 'done' | 'refused' | 'failed'

export class ActionCount {
  count = 0

  constructor(
    readonly action: string,
    readonly outcome: Outcome,
  ) {}
}

export class AdminActions {
  private readonly kept: ActionCount[] = []

  constructor(metrics: Metrics) {
    const help = 'Requests that were to change something about the service, by what came of them.'
    metrics.tallies('admin_actions_total', help, ['action', 'outcome'], () =>
      this.kept.map(({ action, outcome, count }) => ({ labels: { action, outcome }, value: count })),
    )
  }

  /** The same for the same action and outcome. */
  of(action: string, status: number): ActionCount {
    const outcome = status < 400 ? 'done' : status < 500 ? 'refused' : 'failed'
    const held = this.kept.find(one => one.action === action && one.outcome === outcome)
    if (held !== undefined) return held
    const made = new ActionCount(action, outcome)
    this.kept.push(made)
    return made
  }
}
