// The requests and answers of replays, and the fields that other routes share with them.
import { LIMITS } from '../contract/limits.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { EventFilterDto } from '../wire/event-filter.dto.js'
import { AnyValue, Either, Flag, Integer, Nested, NestedList, OneOf, Text } from '../wire/fields.decorator.js'
import { REDUCER_NAMES, type ReducerName } from './reducers.js'

const Moment = (description: string, example: string | number) =>
  Either(description, [{ type: 'integer', minimum: 0 }, { type: 'string' }], { optional: true, example })

const Count = (description: string, example: number) => Integer(description, { example })

const Reducer = OneOf('How states are made of events.', { optional: true, of: REDUCER_NAMES, default: 'merge' })
const Key = Text('Of the reducer set: the path of the value by which it keeps the latest data.', {
  optional: true,
  example: 'data.task',
  max: LIMITS.pathChars,
})

/** The fields that say what is folded and how, for replays and for folds whose snapshots are kept. */
export class FoldDto {
  @Nested('Which events; all that the token may read without it.', EventFilterDto, { optional: true })
  filter?: EventFilterDto

  @Reducer reducer?: ReducerName
  @Key key?: string

  @Text('Instead of a filter and a reducer: the name of a projection.', {
    optional: true,
    example: 'tasks',
    max: DEFINITION_LIMITS.projectionNameChars,
  })
  projection?: string

  @Integer('An older version of the projection; the one in force without it.', {
    optional: true,
    example: 1,
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
  })
  version?: number
}

export class InitialStateDto {
  @AnyValue('A state the same reducer has answered.', { example: { status: 'open' } }) state: unknown
  @Integer('How many events it was made of.', { optional: true, example: 120, min: 0 }) events?: number
}

export class ReplayDto extends FoldDto {
  @Moment('Begin behind this position, event id or RFC 3339 time; `start` is the default.', 1200) after?: unknown

  @Moment('End with this position, event id or RFC 3339 time, itself included; `head` is the default.', 'head')
  at?: unknown

  @Nested('A state to go on from; `after` says where it was made.', InitialStateDto, { optional: true })
  initial?: InitialStateDto

  @Flag('NDJSON only: the state after every event.', { optional: true, default: false }) states?: boolean

  @Integer('NDJSON only: a frame of progress after so many events.', {
    optional: true,
    default: 10_000,
    min: 1,
    max: 1_000_000_000,
  })
  every?: number

  @OneOf('`skip` passes over events that are damaged, and names them; `fail` ends the replay there.', {
    optional: true,
    of: ['fail', 'skip'],
    default: 'fail',
  })
  onDamaged?: 'fail' | 'skip'

  @Flag('`false` folds from the first event on, even where a snapshot of the same fold is kept.', {
    optional: true,
    default: true,
  })
  snapshots?: boolean
}

export class SnapshotUsedDto {
  @Count('Where it stood.', 1200) position: number
}

export class DamagedRangeDto {
  @Count('The first position.', 17) from: number
  @Count('The last position.', 17) to: number
  @Text('What is wrong with them.', { example: 'an event does not have the hash it was stored with' }) reason: string
}

export class ReplayAnswerDto {
  @AnyValue('The state, as its reducer makes it.', { example: { status: 'done', owner: 'builder-1' } }) state: unknown
  @Count('The position up to which all that matches is in it.', 1300) position: number
  @Count('How many events it is made of.', 128) events: number
  @Count('The first position that is kept: what retention removed before it is in no state.', 1) first: number
  @Count('The last durable position when the replay began.', 1400) head: number

  @Nested('The snapshot with which it began; null when it began with the first event.', SnapshotUsedDto, {
    nullable: true,
  })
  snapshot: SnapshotUsedDto | null

  @NestedList('What was passed over because it is damaged.', DamagedRangeDto) damaged: DamagedRangeDto[]
}

/** The moment of the requested state, as a query parameter. */
export const At = Text('A position, an event id or an RFC 3339 time, itself included; the head without it.', {
  optional: true,
  example: '2026-01-31T12:00:00Z',
})

export class StreamStateParameters {
  @At at?: string
  @Reducer reducer?: ReducerName
  @Key key?: string
}

export class StreamStateAnswerDto extends ReplayAnswerDto {
  @Text('The stream.', { example: 'agent_builder-1/tasks' }) stream: string
}
