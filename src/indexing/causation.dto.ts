// What questions about causes and effects take and answer.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { IsInt, IsOptional, Max, Min } from 'class-validator'
import { LIMITS } from '../contract/limits.js'

export const GRAPH_DEPTH_DEFAULT = 10
export const GRAPH_DEPTH_MAX = 100
export const GRAPH_NODES_DEFAULT = 100
export const GRAPH_NODES_MAX = 1_000

export class GraphParameters {
  @ApiPropertyOptional({
    description: 'How many steps to go at most.',
    example: 10,
    type: 'integer',
    minimum: 1,
    maximum: GRAPH_DEPTH_MAX,
    default: GRAPH_DEPTH_DEFAULT,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GRAPH_DEPTH_MAX)
  depth?: number

  @ApiPropertyOptional({
    description: 'How many events to show at most, beside the one that is asked about.',
    example: 100,
    type: 'integer',
    minimum: 1,
    maximum: GRAPH_NODES_MAX,
    default: GRAPH_NODES_DEFAULT,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GRAPH_NODES_MAX)
  limit?: number
}

export class GraphEventDto {
  @ApiProperty({ description: 'The id.', example: '1790000000000000000_0_node-1' })
  id: string

  @ApiProperty({ description: 'Steps from the event that is asked about.', example: 1, type: 'integer' })
  depth: number

  @ApiProperty({ description: 'True: there is no such event, or the token may not read it.', example: false })
  missing: boolean

  @ApiPropertyOptional({ description: 'The position.', example: 1201, type: 'integer' })
  position?: number

  @ApiPropertyOptional({ description: 'The stream.', example: 'agent_builder-1/tasks' })
  stream?: string

  @ApiPropertyOptional({ description: 'The type.', example: 'task.completed' })
  type?: string

  @ApiPropertyOptional({ description: 'When it was appended.', example: '2026-01-31T12:00:00.000000000Z' })
  timestamp?: string

  @ApiPropertyOptional({ description: 'Who appended it.', example: 'builder-1' })
  agentId?: string
}

export class GraphLinkDto {
  @ApiProperty({ description: 'The id of the cause.', example: '1790000000000000000_0_node-1' })
  cause: string

  @ApiProperty({ description: 'The id of the effect.', example: '1790000000000000001_0_node-1' })
  effect: string

  @ApiProperty({ description: 'Which field says so.', enum: ['causation', 'parent'], example: 'causation' })
  by: 'causation' | 'parent'
}

export class GraphAnswerDto {
  @ApiProperty({
    description: 'Events, nearest first; the first is the one that is asked about.',
    type: [GraphEventDto],
  })
  events: GraphEventDto[]

  @ApiProperty({ description: 'Which of them caused which.', type: [GraphLinkDto] })
  links: GraphLinkDto[]

  @ApiProperty({ description: 'False when `depth` or `limit` ended it: there is more.', example: true })
  complete: boolean
}

export class StoryParameters {
  @ApiPropertyOptional({ description: 'Only events beyond this position.', example: 1200, type: 'integer', minimum: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number

  @ApiPropertyOptional({
    description: 'How many events to show at most.',
    example: 100,
    type: 'integer',
    minimum: 1,
    maximum: GRAPH_NODES_MAX,
    default: LIMITS.readLimitDefault,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GRAPH_NODES_MAX)
  limit?: number
}

export class StoryAnswerDto {
  @ApiProperty({ description: 'The correlation id.', example: 'build-42' })
  correlationId: string

  @ApiProperty({
    description: 'Its events in the order of the log, each as it is read.',
    type: 'array',
    items: { type: 'object', additionalProperties: true },
  })
  events: unknown[]

  @ApiProperty({ description: 'Which of them caused which, and causes that lie outside.', type: [GraphLinkDto] })
  links: GraphLinkDto[]

  @ApiProperty({
    description: 'Causes that are not among these events: of another story, of an earlier page, or missing.',
    example: ['1790000000000000000_0_node-1'],
    type: [String],
  })
  outside: string[]

  @ApiProperty({
    description: 'The `after` of the next page; null at the end.',
    example: 1300,
    nullable: true,
    type: 'integer',
  })
  next: number | null
}
