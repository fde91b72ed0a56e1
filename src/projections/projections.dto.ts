// What the routes of projections take and answer.
import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  IsBoolean,
  IsDefined,
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
import { ReplayAnswerDto } from '../folding/replay.dto.js'
import { JSON_VALUE } from '../wire/json-value.js'
import { ReplayFilterDto } from '../wire/replay-filter.dto.js'
import { KEYS_PAGE, KEYS_PAGE_MAX } from './keys-page.js'

const ON = {
  'task.opened': [
    { op: 'set', path: '/title', from: 'data.title' },
    { op: 'set', path: '/status', value: 'open' },
  ],
  'task.*': [{ op: 'increment', path: '/events', by: 1 }],
  'task.deleted': [{ op: 'remove', path: '' }],
}

export class ProjectionBody {
  @ApiPropertyOptional({ description: 'What it is for.', maxLength: DEFINITION_LIMITS.descriptionChars })
  @IsOptional()
  @IsString()
  @MaxLength(DEFINITION_LIMITS.descriptionChars)
  description?: string

  @ApiPropertyOptional({
    description: 'Which events; without `streams` those of all but the service’s own.',
    type: ReplayFilterDto,
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ReplayFilterDto)
  filter?: ReplayFilterDto

  @ApiPropertyOptional({
    description: 'A path of the event: one state for each value found there.',
    example: 'data.task',
    maxLength: LIMITS.pathChars,
  })
  @IsOptional()
  @IsString()
  @MaxLength(LIMITS.pathChars)
  key?: string

  @ApiPropertyOptional({
    description: 'Where a state begins.',
    default: {},
    example: { status: 'unknown' },
    ...JSON_VALUE,
  })
  @IsOptional()
  @IsDefined()
  initial?: unknown

  @ApiProperty({
    description:
      'By type, or glob on types: what is done to the state when such an event comes. Each operation is a `set`, `merge`, `append`, `increment` or `remove` at a `path`, a JSON Pointer into the state, with a literal `value` (`by`) or `from` a path of the event.',
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'object', required: ['op', 'path'] } },
    example: ON,
  })
  @IsObject()
  on: Record<string, unknown>

  @ApiPropertyOptional({ description: 'Keep it up to date in memory.', default: false })
  @IsOptional()
  @IsBoolean()
  live?: boolean
}

const version = () =>
  ApiProperty({ description: 'Counted on by every change, deletions included.', example: 1, type: 'integer' })

export class ProjectionSummary {
  @ApiProperty({ description: 'Its name.', example: 'tasks' })
  name: string

  @version()
  version: number

  @ApiPropertyOptional({ description: 'What it is for.' })
  description?: string

  @ApiProperty({ description: 'Whether it is kept up to date in memory.' })
  live: boolean

  @ApiProperty({ description: 'The agent that defined this version.', example: 'operator' })
  definedBy: string

  @ApiProperty({ description: 'When it was defined.', example: '2026-11-21T08:00:00.000000000Z' })
  definedAt: string
}

export class ProjectionsAnswer {
  @ApiProperty({ description: 'In the order of their names.', type: [ProjectionSummary] })
  projections: ProjectionSummary[]
}

export class ProjectionAnswer extends ProjectionBody {
  @ApiProperty({ description: 'Its name.', example: 'tasks' })
  name: string

  @version()
  version: number

  @ApiProperty({ description: 'The agent that defined this version.', example: 'operator' })
  definedBy: string

  @ApiProperty({ description: 'When it was defined.', example: '2026-11-21T08:00:00.000000000Z' })
  definedAt: string
}

export class ProjectionVersionParameters {
  @ApiPropertyOptional({
    description: 'An older version; the one in force without it.',
    ...{ example: 1, type: 'integer', minimum: 1 },
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  version?: number
}

export class ProjectionStateParameters extends ProjectionVersionParameters {
  @ApiPropertyOptional({ description: 'Of a keyed projection: only the state of this key.', example: 'T-17' })
  @IsOptional()
  @IsString()
  key?: string

  @ApiPropertyOptional({
    description: 'A position, an event id or an RFC 3339 time, itself included; the head without it.',
    example: '2026-01-31T12:00:00Z',
  })
  @IsOptional()
  @IsString()
  at?: string
}

export class ProjectionChangesParameters {
  @ApiPropertyOptional({ description: 'Of a keyed projection: only the state of this key.', example: 'T-17' })
  @IsOptional()
  @IsString()
  key?: string
}

export class ProjectionKeysParameters extends ProjectionVersionParameters {
  @ApiPropertyOptional({ description: 'Behind this key: the `next` of the page before.', example: 'T-17' })
  @IsOptional()
  @IsString()
  after?: string

  @ApiPropertyOptional({
    description: 'How many at most.',
    ...{ default: KEYS_PAGE, type: 'integer', minimum: 1, maximum: KEYS_PAGE_MAX },
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(KEYS_PAGE_MAX)
  limit?: number

  @ApiPropertyOptional({
    description: 'A position, an event id or an RFC 3339 time, itself included; the head without it.',
    example: '2026-01-31T12:00:00Z',
  })
  @IsOptional()
  @IsString()
  at?: string
}

export class KeyStateAnswer {
  @ApiProperty({ description: 'The key.', example: 'T-17' })
  key: string

  @ApiProperty({ description: 'Its state.', example: { status: 'done' }, ...JSON_VALUE })
  state: unknown
}

export class ProjectionStateAnswer extends ReplayAnswerDto {
  @ApiProperty({ description: 'The projection.', example: 'tasks' })
  projection: string

  @version()
  version: number

  @ApiPropertyOptional({ description: 'The key that was asked for.', example: 'T-17' })
  key?: string

  @ApiProperty({ description: 'Whether it was answered from memory, where it is kept up to date.' })
  live: boolean

  @ApiPropertyOptional({
    description: 'Why a live projection does not go on behind its position.',
    type: 'object',
    additionalProperties: true,
  })
  problem?: object
}

export class ProjectionKeysAnswer extends OmitType(ProjectionStateAnswer, ['key', 'state'] as const) {
  @ApiProperty({ description: 'In the order of their code units.', type: [KeyStateAnswer] })
  keys: KeyStateAnswer[]

  @ApiProperty({ description: 'The `after` of the next page; null on the last.', type: String, nullable: true })
  next: string | null
}
