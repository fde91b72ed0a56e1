// What the routes of snapshots take and answer.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator'
import { LIMITS } from '../contract/limits.js'
import { DEFINITION_LIMITS } from '../definitions/definition-limits.js'
import { REDUCER_NAMES, type ReducerName } from '../folding/reducers.js'
import { JSON_VALUE } from '../wire/json-value.js'
import { ReplayFilterDto } from '../wire/replay-filter.dto.js'

const POSITION = { type: 'integer', example: 1200 } as const
const COUNT = { type: 'integer', example: 128 } as const
const MEASURE = { ...COUNT, nullable: true } as const
const UNTOLD = 'null for a token that may not read all of it'
const ID = '5f2c9a0d1b3e47865f2c9a0d1b3e4786-0000000000001200'

export class KeepFoldDto {
  @ApiPropertyOptional({
    description: 'Which events; all that the token may read without it.',
    type: ReplayFilterDto,
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ReplayFilterDto)
  filter?: ReplayFilterDto

  @ApiPropertyOptional({ description: 'How states are made of events.', enum: REDUCER_NAMES, default: 'merge' })
  @IsOptional()
  @IsIn([...REDUCER_NAMES])
  reducer?: ReducerName

  @ApiPropertyOptional({ description: 'Of the reducer set.', example: 'data.task', maxLength: LIMITS.pathChars })
  @IsOptional()
  @IsString()
  @MaxLength(LIMITS.pathChars)
  key?: string

  @ApiPropertyOptional({
    description: 'Instead of a filter and a reducer: the name of a projection.',
    example: 'tasks',
    maxLength: DEFINITION_LIMITS.projectionNameChars,
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

  @ApiPropertyOptional({
    description: 'What people call it: no other fold that is kept has this name.',
    example: 'tasks',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, {
    message: 'must be 1 to 64 of A-Z a-z 0-9 _ . - that start with a letter or digit',
  })
  name?: string
}

export class KeptFoldAnswer {
  @ApiProperty({ description: 'SHA-256 of its canonical description.', example: '5f2c…' }) id: string
  @ApiProperty({ type: String, nullable: true, example: 'tasks' }) name: string | null
  @ApiProperty({
    description: 'What is folded how, and what it was allowed to read.',
    ...{ type: 'object', additionalProperties: true, example: { filter: { types: ['task.*'] }, reducer: 'merge' } },
  })
  fold: object
  @ApiProperty({ description: 'Who asked for it first.', example: 'operator-1' }) keptBy: string
  @ApiProperty({ format: 'date-time' }) since: string
}

export class SnapshotAnswer {
  @ApiProperty({ example: ID }) id: string
  @ApiProperty({ description: 'The id of its fold.', example: '5f2c…' }) fold: string
  @ApiProperty({ description: 'All that matches up to here is in its state.', ...POSITION }) position: number
  @ApiProperty({ description: `How many events it is made of; ${UNTOLD}.`, ...MEASURE }) events: number | null
  @ApiProperty({ format: 'date-time' }) createdAt: string
  @ApiProperty({ enum: ['demand', 'events', 'quiet', 'growth', 'verify', 'repair'] }) reason: string
  @ApiProperty({ description: 'The one it is a difference to; null when it is full.', type: String, nullable: true })
  base: string | null
  @ApiProperty({ description: `Of its file; ${UNTOLD}.`, ...MEASURE }) bytes: number | null
  @ApiProperty({ description: `Of its state as JSON; ${UNTOLD}.`, ...MEASURE }) stateBytes: number | null
  @ApiProperty({
    description: `Of its state as JSON; ${UNTOLD}.`,
    ...{ type: String, nullable: true, example: '9f86…' },
  })
  stateSha256: string | null
  @ApiProperty({ description: 'Whether it stays until that is ended.' }) protected: boolean
}

export class SnapshotsAnswer {
  @ApiProperty({ description: 'What is kept, in the order in which it came.', type: [KeptFoldAnswer] })
  folds: KeptFoldAnswer[]
  @ApiProperty({ description: 'Newest first.', type: [SnapshotAnswer] }) snapshots: SnapshotAnswer[]
}

export class KeepFoldAnswer {
  @ApiProperty({ type: KeptFoldAnswer }) fold: KeptFoldAnswer
  @ApiProperty({ description: 'Of this moment; null while there is no event.', type: SnapshotAnswer, nullable: true })
  snapshot: SnapshotAnswer | null
}

export class SnapshotStateAnswer {
  @ApiProperty({ example: ID }) id: string
  @ApiProperty({ ...POSITION }) position: number
  @ApiProperty({ ...COUNT }) events: number
  @ApiProperty({ description: 'As its reducer made it.', example: { status: 'done' }, ...JSON_VALUE }) state: unknown
}

export class VerifiedAnswer {
  @ApiProperty({
    description:
      '`sound`: folding anew gives the same bytes. `wrong`: it does not. `damaged`: the file could not be used. `outdated`: the log cannot make it again.',
    enum: ['sound', 'wrong', 'damaged', 'outdated'],
  })
  verdict: string
  @ApiProperty({ description: 'Those that were moved to quarantine.', type: [String] }) quarantined: string[]
  @ApiProperty({ description: 'What was made in its place.', type: SnapshotAnswer, nullable: true })
  made: SnapshotAnswer | null
}

export class RemovedAnswer {
  @ApiProperty({ description: 'It, and those that were differences to it.', type: [String] }) removed: string[]
}
