// The answer of the route of the service's objectives.
import { AnyObject, Decimal, Integer, NestedList, OneOf, Text } from '../../wire/fields.decorator.js'

export class ObjectiveDto {
  @Text('Its name.', { example: 'append_p99' }) objective: string
  @OneOf('How it is met: `warning` is missed for hours, `critical` fast.', {
    of: ['ok', 'warning', 'critical'],
    example: 'ok',
  })
  level: string
  @Decimal('The part that has to be good.', { example: 0.99, min: 0, max: 1 }) share: number
  @Decimal('Good is what is done within so many milliseconds; 0: however long.', { example: 10, min: 0 })
  withinMs: number
  @Integer('What was counted since the start.', { example: 1200, min: 0 }) counted: number
  @Integer('Of it, what was good.', { example: 1199, min: 0 }) good: number
  @Decimal('What is left of the error budget; below 0 when it is overspent.', { example: 0.92 })
  budgetRemaining: number
  @AnyObject('How fast the budget is spent, by window; 1 is evenly over 30 days.', {
    example: { '5m': 0.1, '30m': 0.1, '1h': 0.08, '6h': 0.08 },
  })
  burn: object
}

export class LatencyDto {
  @Text('What is timed: append, query, sync or delivery.', { example: 'append' }) work: string
  @AnyObject('Its quantiles in the last minute by name, in ms; null when nothing happened.', {
    example: { p50: 0.4, p95: 0.9, p99: 2.1, p999: 8.3 },
  })
  quantiles: object
}

export class ServiceLevelsAnswerDto {
  @NestedList('The objectives that are judged.', ObjectiveDto) objectives: ObjectiveDto[]
  @NestedList('How long work took in the last minute.', LatencyDto) lastMinute: LatencyDto[]
}
