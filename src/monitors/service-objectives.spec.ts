// An objective is missed when its error budget burns in a short and in a long window at once, and not before.
import { defaultServiceLevels } from '../config/figures.js'
import { Signals } from '../signals/signals.js'
import { ErrorBudget } from './error-budget.js'
import { LogHistogram } from './log-histogram.js'
import { ServiceLevels, SLICE_MS, TIMED_WORK, type TimedWork } from './service-levels.js'
import { type ObjectiveState, ServiceObjectives } from './service-objectives.js'

const SLICES_OF_MINUTE = 60_000 / SLICE_MS

class Service {
  readonly levels = new ServiceLevels()
  readonly signals = new Signals()
  readonly heard: [string, string][] = []
  readonly objectives: ServiceObjectives

  constructor(settings = defaultServiceLevels) {
    const changed = ({ objective, level }: ObjectiveState) => void this.heard.push([objective, level])
    this.objectives = new ServiceObjectives(this.signals, settings, changed)
  }

  /** So many minutes with a hundred appends in each slice, of which some take longer and some fail. */
  minutes(count: number, { slow = 0, ms = 50, failed = 0, code = 'INTERNAL', quick = 100 } = {}): this {
    for (let slice = 0; slice < Math.round(count * SLICES_OF_MINUTE); slice++) {
      for (let n = 0; n < quick + slow + failed; n++) this.levels.begin()
      for (let n = 0; n < quick; n++) this.levels.done('append', 0.5)
      for (let n = 0; n < slow; n++) this.levels.done('append', ms)
      for (let n = 0; n < failed; n++) this.levels.failed('append', 0.1, code)
      const over = TIMED_WORK.map(work => [work, this.levels.slide(work)] as const)
      this.objectives.look(Object.fromEntries(over) as Record<TimedWork, ReturnType<ServiceLevels['slide']>>)
    }
    return this
  }

  stateOf(name: string): ObjectiveState {
    return this.objectives.states.find(({ objective }) => objective === name) as ObjectiveState
  }
}

test('a service that is quick and fails in nothing meets every objective and keeps its budget', () => {
  const service = new Service().minutes(60)
  expect(service.heard).toEqual([])
  expect(service.objectives.states.map(({ budgetRemaining }) => budgetRemaining)).toEqual([1, 1, 1, 1, 1, 1, 1])
})

test('a fifth of slow appends is critical after five minutes, and is told once', () => {
  const service = new Service().minutes(4.9, { slow: 25 })
  expect(service.signals.active).toEqual([])
  service.minutes(1, { slow: 25 })
  expect(service.signals.active).toMatchObject([{ cause: 'service_level', level: 'critical' }])
  expect(service.heard.filter(([objective]) => objective === 'append_p99')).toEqual([['append_p99', 'critical']])
  expect(service.stateOf('append_p50').level).toBe('ok')
})

test('a burn that is slow is a warning after half an hour', () => {
  const service = new Service().minutes(29, { slow: 8 })
  expect(service.stateOf('append_p99').level).toBe('ok')
  expect(service.minutes(2, { slow: 8 }).stateOf('append_p99').level).toBe('warning')
  expect(service.signals.levelOf('service_level')).toBe('warning')
})

test('the level ends when the short window is good again', () => {
  const service = new Service().minutes(10, { slow: 25 })
  expect(service.signals.levelOf('service_level')).toBe('critical')
  service.minutes(6)
  expect(service.stateOf('append_p99').level).toBe('ok')
  service.minutes(60)
  expect(service.signals.active).toEqual([])
})

test('a few minutes of trouble after hours without are no breach', () => {
  expect(
    new Service()
      .minutes(360)
      .minutes(6, { slow: 25 })
      .heard.filter(([name]) => name === 'append_p99'),
  ).toEqual([])
})

test('failures of the service are missed by availability, and those of callers by nothing', () => {
  const caller = new Service().minutes(40, { failed: 50, code: 'REVISION_CONFLICT' })
  expect(caller.heard).toEqual([])
  const service = new Service().minutes(6, { failed: 5 })
  expect(service.stateOf('availability')).toMatchObject({ level: 'critical', good: 7_200, all: 7_560 })
  expect(service.stateOf('availability').budgetRemaining).toBeLessThan(0)
})

test('one append a minute says nothing', () => {
  const service = new Service()
  const slice = 1 / SLICES_OF_MINUTE
  for (let minute = 0; minute < 60; minute++)
    service.minutes(slice, { quick: 0, slow: 1 }).minutes(1 - slice, { quick: 0 })
  expect(service.stateOf('append_p99').all).toBe(60)
  expect(service.heard).toEqual([])
})

test('an objective with a share of 0 is not judged', () => {
  const settings = { ...defaultServiceLevels, append_p99: { share: 0, withinMs: 10 } }
  expect(new Service(settings).objectives.states.map(({ objective }) => objective)).not.toContain('append_p99')
})

test('a budget forgets what is older than thirty days', () => {
  const budget = new ErrorBudget(0.99)
  for (let slice = 0; slice < 60 * SLICES_OF_MINUTE; slice++) budget.slice(0, 1)
  for (let slice = 0; slice < 718 * 60 * SLICES_OF_MINUTE; slice++) budget.slice(1, 1)
  expect(budget.remaining).toBeLessThan(1)
  for (let slice = 0; slice < 2 * 60 * SLICES_OF_MINUTE; slice++) budget.slice(1, 1)
  expect(budget.remaining).toBe(1)
})

test('what took at most so long is counted to within a twelfth', () => {
  const histogram = new LogHistogram()
  for (const ms of [0.0005, 1, 9.9, 10, 11, 100]) histogram.record(ms)
  expect([histogram.within(5), histogram.within(10), histogram.within(12)]).toEqual([2, 4, 5])
})

test('delivery is timed for one batch at a time, and only while somebody follows', () => {
  const levels = new ServiceLevels()
  levels.durable()
  levels.delivered(true)
  expect(levels.quantile('delivery', 0.5)).toBeUndefined()
  levels.followed(true)
  levels.durable()
  levels.delivered(false)
  levels.delivered(true)
  expect(levels.quantile('delivery', 0.5)).toBeUndefined()
  levels.durable()
  levels.delivered(true)
  expect(levels.quantile('delivery', 0.5)).toBeGreaterThan(0)
})
