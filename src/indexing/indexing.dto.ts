// What queries and the list of streams take and answer.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator'
import { LIMITS } from '../contract/limits.js'
import { QUERY_LIMITS } from './query-limits.js'

export class OrderByDto {
  @ApiProperty({
    description: 'Any field, or a path below data or metadata. position, id and timestamp cost nothing extra.',
    example: 'data.score',
    maxLength: LIMITS.pathChars,
  })
  @IsString()
  @MaxLength(LIMITS.pathChars)
  field: string

  @ApiPropertyOptional({ description: 'asc unless said otherwise.', enum: ['asc', 'desc'], example: 'desc' })
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order?: 'asc' | 'desc'
}

export class QueryDto {
  @ApiPropertyOptional({
    description: 'Answer only these fields, each under the path as written; id and position always come along.',
    type: [String],
    example: ['type', 'data.score'],
    maxItems: QUERY_LIMITS.selectFields,
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(QUERY_LIMITS.selectFields)
  @IsString({ each: true })
  select?: string[]

  @ApiProperty({
    description:
      'A condition {field, op, value} with op one of eq, ne, in, nin, gt, gte, lt, lte, exists, like; or {and: […]}, {or: […]}, {not: …} of conditions.',
    type: 'object',
    additionalProperties: true,
    example: {
      and: [
        { field: 'type', op: 'eq', value: 'TaskDone' },
        { field: 'data.score', op: 'gte', value: 0.8 },
        { not: { field: 'tags', op: 'eq', value: 'draft' } },
      ],
    },
  })
  @IsObject()
  where: Record<string, unknown>

  @ApiPropertyOptional({ description: 'Ascending position unless said otherwise.', type: OrderByDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => OrderByDto)
  orderBy?: OrderByDto

  @ApiPropertyOptional({ description: 'The most events on a page.', default: QUERY_LIMITS.limitDefault, example: 50 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(QUERY_LIMITS.limitMax)
  limit?: number

  @ApiPropertyOptional({ description: 'The next of the page before, with the same where and orderBy.' })
  @IsOptional()
  @IsString()
  @MaxLength(QUERY_LIMITS.cursorChars)
  cursor?: string
}

export class QueryPlanDto {
  @ApiProperty({ description: 'The indexes used, or that there were none.', example: 'type+position range' })
  index: string
  @ApiProperty({ description: 'Events read and held against the query.', example: 1200 })
  scanned: number
  @ApiProperty({ description: 'Events among them that match.', example: 17 })
  matched: number
  @ApiProperty({ description: 'Milliseconds it took.', example: 12.4 })
  ms: number
}

export class QueryAnswerDto {
  @ApiProperty({
    description: 'Whole events, or the selected fields of them.',
    type: 'array',
    items: { type: 'object', additionalProperties: true },
  })
  events: Record<string, unknown>[]
  @ApiProperty({
    description:
      'The cursor to go on with; null when all has been seen. A page may be short, even empty, and have one.',
    type: String,
    nullable: true,
  })
  next: string | null
  @ApiProperty({ type: QueryPlanDto })
  plan: QueryPlanDto
}

export class StreamsQueryDto {
  @ApiPropertyOptional({
    description: 'Globs on the name, of which one has to match; every stream but the $… of the service without them.',
    type: [String],
    example: ['agent_*'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  match?: string[]

  @ApiPropertyOptional({
    description: 'The name after which to go on: the next of the page before.',
    example: 'agent_7',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(LIMITS.streamChars)
  after?: string

  @ApiPropertyOptional({ description: 'The most streams on a page.', default: LIMITS.readLimitDefault, example: 50 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LIMITS.readLimitMax)
  limit?: number
}

export class StreamHeadDto {
  @ApiProperty({ example: 'agent_7' })
  stream: string
  @ApiProperty({ description: 'Of its last event.', example: 41 })
  revision: number
  @ApiProperty({ description: 'Of its last event.', example: 90210 })
  lastPosition: number
}

export class StreamsAnswerDto {
  @ApiProperty({ type: [StreamHeadDto] })
  streams: StreamHeadDto[]
  @ApiProperty({ description: 'The after of the next page; null on the last.', type: String, nullable: true })
  next: string | null
}

export class StreamEventDto {
  @ApiProperty({ example: '1767225600000000000_0_node-1' })
  id: string
  @ApiProperty({ example: 90210 })
  position: number
  @ApiProperty({ example: 41 })
  revision: number
  @ApiProperty({ example: '2026-01-01T00:00:00.000000000Z' })
  timestamp: string
}

export class StreamAnswerDto {
  @ApiProperty({ example: 'agent_7' })
  stream: string
  @ApiProperty({ example: 41 })
  revision: number
  @ApiProperty({ description: 'Events still kept.', example: 42 })
  events: number
  @ApiProperty({
    description: 'The first event still kept; null when retention has removed them all.',
    type: StreamEventDto,
    nullable: true,
  })
  first: StreamEventDto | null
  @ApiProperty({ type: StreamEventDto, nullable: true })
  last: StreamEventDto | null
}
