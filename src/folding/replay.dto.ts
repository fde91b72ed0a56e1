// What a replay takes and answers.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator'
import { LIMITS } from '../contract/limits.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { JSON_VALUE } from '../wire/json-value.js'
import { ReplayFilterDto } from '../wire/replay-filter.dto.js'
import { REDUCER_NAMES, type ReducerName } from './reducers.js'

/** Each schema is made anew: a description is completed in place. */
const moment = (description: string, example: string | number) =>
  ApiPropertyOptional({ description, example, oneOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }] })

export class InitialStateDto {
  @ApiProperty({ description: 'A state the same reducer has answered.', example: { status: 'open' }, ...JSON_VALUE })
  @IsDefined()
  state: unknown

  @ApiPropertyOptional({ description: 'How many events it was made of.', example: 120, type: 'integer', minimum: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  events?: number
}

export class ReplayDto {
  @ApiPropertyOptional({ description: 'Which events; all that the token may read without it.', type: ReplayFilterDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ReplayFilterDto)
  filter?: ReplayFilterDto

  @moment('Begin behind this position, event id or RFC 3339 time; `start` is the default.', 1200)
  @IsOptional()
  @IsDefined()
  after?: unknown

  @moment('End with this position, event id or RFC 3339 time, itself included; `head` is the default.', 'head')
  @IsOptional()
  @IsDefined()
  at?: unknown

  @ApiPropertyOptional({ description: 'How states are made of events.', enum: REDUCER_NAMES, default: 'merge' })
  @IsOptional()
  @IsIn([...REDUCER_NAMES])
  reducer?: ReducerName

  @ApiPropertyOptional({
    description: 'Of the reducer set: the path of the value by which it keeps the latest data.',
    example: 'data.task',
    maxLength: LIMITS.pathChars,
  })
  @IsOptional()
  @IsString()
  @MaxLength(LIMITS.pathChars)
  key?: string

  @ApiPropertyOptional({
    description: 'Instead of a filter and a reducer: the name of a projection.',
    ...{ example: 'tasks', maxLength: DEFINITION_LIMITS.projectionNameChars },
  })
  @IsOptional()
  @IsString()
  @MaxLength(DEFINITION_LIMITS.projectionNameChars)
  projection?: string

  @ApiPropertyOptional({
    description: 'An older version of the projection; the one in force without it.',
    ...{ example: 1, type: 'integer', minimum: 1 },
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  version?: number

  @ApiPropertyOptional({ description: 'A state to go on from; `after` says where it was made.', type: InitialStateDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => InitialStateDto)
  initial?: InitialStateDto

  @ApiPropertyOptional({ description: 'NDJSON only: the state after every event.', default: false })
  @IsOptional()
  @IsBoolean()
  states?: boolean

  @ApiPropertyOptional({
    description: 'NDJSON only: a frame of progress after so many events.',
    default: 10_000,
    type: 'integer',
    minimum: 1,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  every?: number

  @ApiPropertyOptional({
    description: '`skip` passes over events that are damaged, and names them; `fail` ends the replay there.',
    enum: ['fail', 'skip'],
    default: 'fail',
  })
  @IsOptional()
  @IsIn(['fail', 'skip'])
  onDamaged?: 'fail' | 'skip'

  @ApiPropertyOptional({
    description: '`false` folds from the first event on, even where a snapshot of the same fold is kept.',
    default: true,
  })
  @IsOptional()
  @IsBoolean()
  snapshots?: boolean
}

export class SnapshotUsedDto {
  @ApiProperty({ description: 'Where it stood.', example: 1200, type: 'integer' })
  position: number
}

export class DamagedRangeDto {
  @ApiProperty({ description: 'The first position.', example: 17, type: 'integer' })
  from: number

  @ApiProperty({ description: 'The last position.', example: 17, type: 'integer' })
  to: number

  @ApiProperty({
    description: 'What is wrong with them.',
    example: 'an event does not have the hash it was stored with',
  })
  reason: string
}

export class ReplayAnswerDto {
  @ApiProperty({
    description: 'The state, as its reducer makes it.',
    example: { status: 'done', owner: 'builder-1' },
    ...JSON_VALUE,
  })
  state: unknown

  @ApiProperty({ description: 'The position up to which all that matches is in it.', example: 1300, type: 'integer' })
  position: number

  @ApiProperty({ description: 'How many events it is made of.', example: 128, type: 'integer' })
  events: number

  @ApiProperty({
    description: 'The first position that is kept: what retention removed before it is in no state.',
    example: 1,
    type: 'integer',
  })
  first: number

  @ApiProperty({ description: 'The last durable position when the replay began.', example: 1400, type: 'integer' })
  head: number

  @ApiProperty({
    description: 'The snapshot with which it began; null when it began with the first event.',
    type: SnapshotUsedDto,
    nullable: true,
  })
  snapshot: SnapshotUsedDto | null

  @ApiProperty({ description: 'What was passed over because it is damaged.', type: [DamagedRangeDto] })
  damaged: DamagedRangeDto[]
}

export class StreamStateParameters {
  @ApiPropertyOptional({
    description: 'A position, an event id or an RFC 3339 time, itself included; the head without it.',
    example: '2026-01-31T12:00:00Z',
  })
  @IsOptional()
  @IsString()
  at?: string

  @ApiPropertyOptional({ description: 'How the state is made of events.', enum: REDUCER_NAMES, default: 'merge' })
  @IsOptional()
  @IsIn([...REDUCER_NAMES])
  reducer?: ReducerName

  @ApiPropertyOptional({ description: 'Of the reducer set.', example: 'data.task', maxLength: LIMITS.pathChars })
  @IsOptional()
  @IsString()
  @MaxLength(LIMITS.pathChars)
  key?: string
}

export class StreamStateAnswerDto extends ReplayAnswerDto {
  @ApiProperty({ description: 'The stream.', example: 'agent_builder-1/tasks' })
  stream: string
}
