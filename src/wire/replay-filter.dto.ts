// Which events a fold is made of, as replays and snapshots are asked for it.
import { ApiPropertyOptional } from '@nestjs/swagger'
import { ArrayMaxSize, IsArray, IsOptional, IsString } from 'class-validator'
import { LIMITS } from '../contract/limits.js'

const list = (description: string, example: string) =>
  ApiPropertyOptional({ description, example: [example], type: [String], maxItems: LIMITS.filterValues })

export class ReplayFilterDto {
  @list('Globs on names of streams.', 'agent_builder-1*')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  streams?: string[]

  @list('Globs on types.', 'task.*')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  types?: string[]

  @list('Tags an event must bear, all of them.', 'project:apollo')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  tags?: string[]

  @list('Agents that wrote the events.', 'builder-1')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  agents?: string[]

  @ApiPropertyOptional({ description: 'The correlation id.', example: 'build-42' })
  @IsOptional()
  @IsString()
  correlationId?: string

  @ApiPropertyOptional({
    description: 'The id of the event that caused them.',
    example: '1790000000000000000_0_node-1',
  })
  @IsOptional()
  @IsString()
  causationId?: string

  @ApiPropertyOptional({ description: 'The session.', example: 'session-7' })
  @IsOptional()
  @IsString()
  sessionId?: string
}
