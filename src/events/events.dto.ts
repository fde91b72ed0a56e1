// Describes and checks the parameters of requests that read events.
import { IntersectionType } from '@nestjs/swagger'
import { LIMITS } from '../contract/limits.js'
import { EventFilterParameters } from '../wire/event-filter.dto.js'
import { Decimal, Integer, OneOf, PositionField, Text } from '../wire/fields.decorator.js'

const PAGE = { min: 1, max: LIMITS.readLimitMax, default: LIMITS.readLimitDefault } as const
const ORDERS = ['asc', 'desc'] as const

const OnDamagedField = OneOf(
  '`skip`: passes over events that are damaged, and names them. `fail`: answers `DATA_CORRUPT` there.',
  { optional: true, example: 'skip', of: ['fail', 'skip'], default: 'fail' },
)

export class ViewParameters {
  @OneOf(
    '`latest`: shows `data` and `schemaVersion` as the upcasters in force make them of what is stored. All else, the checksum included, is that of the stored event. Without it: as stored.',
    { optional: true, example: 'latest', of: ['latest'] },
  )
  upcast?: 'latest'
}

export class FilterParameters extends IntersectionType(ViewParameters, EventFilterParameters) {
  @PositionField('Only events beyond this position.', { optional: true, example: 1200 }) after?: number

  @Integer('How many events a page holds at most. NDJSON has no limit unless one is given.', {
    optional: true,
    example: 100,
    ...PAGE,
  })
  limit?: number
}

export class ReadParameters extends FilterParameters {
  @PositionField('Only events before this position.', { optional: true, example: 5000 }) before?: number

  @Text('Only events of this time or later, RFC 3339.', {
    optional: true,
    example: '2026-01-31T12:00:00Z',
    format: 'date-time',
  })
  since?: string

  @Text('Only events before this time, RFC 3339.', {
    optional: true,
    example: '2026-02-01T00:00:00Z',
    format: 'date-time',
  })
  until?: string

  @OneOf('`asc`: oldest first. `desc`: newest first.', { optional: true, example: 'desc', of: ORDERS, default: 'asc' })
  order?: 'asc' | 'desc'

  @Text('The `next` of the page before, together with the same parameters.', {
    optional: true,
    example: 'AQAAAAAAAAAAZAAAAAAAAAPoq0m3b1Qe8sFc',
  })
  cursor?: string

  @OnDamagedField onDamaged?: 'fail' | 'skip'
}

export const WAIT_SECONDS_MAX = 50
export const WAIT_SECONDS_DEFAULT = 30

export class WaitParameters extends FilterParameters {
  @Decimal('How many seconds to wait for a match.', {
    optional: true,
    example: 20,
    min: 0,
    max: WAIT_SECONDS_MAX,
    default: WAIT_SECONDS_DEFAULT,
  })
  timeout?: number
}

export class StreamReadParameters extends ViewParameters {
  @PositionField(
    'The revision to begin with, itself included. Without it: the first one, or the last one for `desc`.',
    { optional: true, example: 0 },
  )
  from?: number

  @OneOf('`asc`: oldest first. `desc`: newest first.', { optional: true, example: 'asc', of: ORDERS, default: 'asc' })
  order?: 'asc' | 'desc'

  @Integer('How many events a page holds at most.', { optional: true, example: 100, ...PAGE }) limit?: number

  @OnDamagedField onDamaged?: 'fail' | 'skip'
}
