// The shapes of requests to read events: what each parameter says, checked by these classes and described from them.
import { ApiPropertyOptional } from '@nestjs/swagger'
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsNumber, IsOptional, IsString, Max, Min } from 'class-validator'
import { LIMITS } from '../contract/limits.js'

const list = (description: string, example: string) =>
  ApiPropertyOptional({ description, example: [example], type: [String], maxItems: LIMITS.filterValues })

export class ViewParameters {
  @ApiPropertyOptional({
    description:
      '`latest`: shows `data` and `schemaVersion` as the upcasters in force make them of what is stored. All else, the checksum included, is that of the stored event. Without it: as stored.',
    example: 'latest',
    enum: ['latest'],
  })
  @IsOptional()
  @IsIn(['latest'])
  upcast?: 'latest'
}

/** Parameters are AND-ed, the values of one parameter OR-ed, tags AND-ed. */
export class FilterParameters extends ViewParameters {
  @list('Names of streams; `*` stands for any run of characters. Repeatable.', 'agent_builder-1*')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  stream?: string[]

  @list('Event types; `*` stands for any run of characters. Repeatable.', 'task.*')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  type?: string[]

  @list('Tags an event must bear, all of them. Repeatable.', 'project:apollo')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  tag?: string[]

  @list('Agents that wrote the events. Repeatable.', 'builder-1')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  agent?: string[]

  @list('Correlation ids. Repeatable.', 'build-42')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  correlation?: string[]

  @list('Ids of the events that caused them. Repeatable.', '1790000000000000000_0_node-1')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  causation?: string[]

  @list('Session ids. Repeatable.', 'session-7')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  session?: string[]

  @ApiPropertyOptional({ description: 'Only events beyond this position.', example: 1200, type: 'integer', minimum: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number

  @ApiPropertyOptional({
    description: `How many events a page holds at most. NDJSON has no limit unless one is given.`,
    example: 100,
    type: 'integer',
    minimum: 1,
    maximum: LIMITS.readLimitMax,
    default: LIMITS.readLimitDefault,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LIMITS.readLimitMax)
  limit?: number
}

export class ReadParameters extends FilterParameters {
  @ApiPropertyOptional({
    description: 'Only events before this position.',
    example: 5000,
    type: 'integer',
    minimum: 0,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  before?: number

  @ApiPropertyOptional({
    description: 'Only events of this time or later, RFC 3339.',
    example: '2026-01-31T12:00:00Z',
    format: 'date-time',
  })
  @IsOptional()
  @IsString()
  since?: string

  @ApiPropertyOptional({
    description: 'Only events before this time, RFC 3339.',
    example: '2026-02-01T00:00:00Z',
    format: 'date-time',
  })
  @IsOptional()
  @IsString()
  until?: string

  @ApiPropertyOptional({
    description: '`asc`: oldest first. `desc`: newest first.',
    example: 'desc',
    enum: ['asc', 'desc'],
    default: 'asc',
  })
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order?: 'asc' | 'desc'

  @ApiPropertyOptional({
    description: 'The `next` of the page before, together with the same parameters.',
    example: 'AQAAAAAAAAAAZAAAAAAAAAPoq0m3b1Qe8sFc',
  })
  @IsOptional()
  @IsString()
  cursor?: string
}

export const WAIT_SECONDS_MAX = 50
export const WAIT_SECONDS_DEFAULT = 30

export class WaitParameters extends FilterParameters {
  @ApiPropertyOptional({
    description: 'How many seconds to wait for a match.',
    example: 20,
    minimum: 0,
    maximum: WAIT_SECONDS_MAX,
    default: WAIT_SECONDS_DEFAULT,
  })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(WAIT_SECONDS_MAX)
  timeout?: number
}

export class StreamReadParameters extends ViewParameters {
  @ApiPropertyOptional({
    description: 'The revision to begin with, itself included. Without it: the first one, or the last one for `desc`.',
    example: 0,
    type: 'integer',
    minimum: 0,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  from?: number

  @ApiPropertyOptional({
    description: '`asc`: oldest first. `desc`: newest first.',
    example: 'asc',
    enum: ['asc', 'desc'],
    default: 'asc',
  })
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order?: 'asc' | 'desc'

  @ApiPropertyOptional({
    description: 'How many events a page holds at most.',
    example: 100,
    type: 'integer',
    minimum: 1,
    maximum: LIMITS.readLimitMax,
    default: LIMITS.readLimitDefault,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LIMITS.readLimitMax)
  limit?: number
}
