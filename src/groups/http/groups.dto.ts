// What the routes of consumer groups take and answer: checked by these classes and described from them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator'
import { ROLES, type Role } from '../../auth/access.js'
import { LIMITS } from '../../contract/limits.js'
import { ON_DAMAGE, type OnDamage, ORDERINGS, type Ordering } from '../state/group-definition.js'
import { GROUP_LIMITS } from '../state/group-limits.js'

const texts = (description: string, example: string) =>
  ApiPropertyOptional({ description, example: [example], type: [String], maxItems: LIMITS.filterValues })
const POSITION = { type: 'integer', minimum: 0, example: 1201 } as const

export class GroupFilter {
  @texts('Names of streams; `*` stands for any run of characters. OR-ed.', 'tasks/*')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  streams?: string[]

  @texts('Event types; `*` stands for any run of characters. OR-ed.', 'task.*')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  types?: string[]

  @texts('Tags an event must bear, all of them.', 'project:apollo')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  tags?: string[]

  @texts('Agents that wrote the events. OR-ed.', 'builder-1')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  agents?: string[]

  @ApiPropertyOptional({ description: 'Only events of this correlation.', example: 'build-42' })
  @IsOptional()
  @IsString()
  correlationId?: string

  @ApiPropertyOptional({ description: 'Only events of this session.', example: 'session-7' })
  @IsOptional()
  @IsString()
  sessionId?: string
}

export class GroupConsumers {
  @ApiPropertyOptional({
    description: 'Globs on the ids of agents; `*` stands for any run of characters.',
    ...{ example: ['worker-*'], type: [String], maxItems: GROUP_LIMITS.consumerAgents },
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(GROUP_LIMITS.consumerAgents)
  @IsString({ each: true })
  agents?: string[]

  @ApiPropertyOptional({ description: 'Roles of tokens.', enum: ROLES, isArray: true, example: ['expert_agent'] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(ROLES.length)
  @IsIn(ROLES, { each: true })
  roles?: Role[]
}

export class DefineGroupBody {
  @ApiPropertyOptional({ description: 'Which events are handed out; without it all.', type: GroupFilter })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => GroupFilter)
  filter?: GroupFilter

  @ApiPropertyOptional({
    description:
      'Behind which event it begins: a position, an event id, an RFC 3339 time, `start` (of the log) or `head` (only what comes from now on).',
    oneOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', minLength: 1 },
    ],
    default: 'head',
    example: 'start',
  })
  @IsOptional()
  after?: number | string

  @ApiPropertyOptional({
    description: 'How long a consumer has to settle what it was given.',
    ...{ type: 'integer', minimum: 1, maximum: GROUP_LIMITS.ackTimeoutSecondsMax },
    ...{ default: GROUP_LIMITS.ackTimeoutSecondsDefault, example: 60 },
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GROUP_LIMITS.ackTimeoutSecondsMax)
  ackTimeoutSeconds?: number = GROUP_LIMITS.ackTimeoutSecondsDefault

  @ApiPropertyOptional({
    description: 'How many times an event is handed out before it is parked.',
    ...{ type: 'integer', minimum: 1, maximum: GROUP_LIMITS.attemptsMax },
    ...{ default: GROUP_LIMITS.attemptsDefault, example: 5 },
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GROUP_LIMITS.attemptsMax)
  maxAttempts?: number = GROUP_LIMITS.attemptsDefault

  @ApiPropertyOptional({
    description: 'How many events may be out at once, with all consumers together.',
    ...{ type: 'integer', minimum: 1, maximum: GROUP_LIMITS.inFlightMax },
    ...{ default: GROUP_LIMITS.inFlightDefault, example: 100 },
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GROUP_LIMITS.inFlightMax)
  maxInFlight?: number = GROUP_LIMITS.inFlightDefault

  @ApiPropertyOptional({
    description:
      '`stream`, `correlation`: at most one event of a stream (a correlation) is out at once, and none before an earlier one of it is settled or parked. `none`: any.',
    ...{ enum: ORDERINGS, default: 'none', example: 'stream' },
  })
  @IsOptional()
  @IsIn(ORDERINGS)
  ordering?: Ordering = 'none'

  @ApiPropertyOptional({
    description:
      '`stop`: where the log cannot be read nothing more is handed out, and the subscription says so. `skip`: go on behind it, and write down what was passed over.',
    ...{ enum: ON_DAMAGE, default: 'stop', example: 'stop' },
  })
  @IsOptional()
  @IsIn(ON_DAMAGE)
  damaged?: OnDamage = 'stop'

  @ApiPropertyOptional({
    description:
      'Who may take from it beside the agent that defines it; for all others it does not exist. Left out: nobody, or, where it exists, whom it has named.',
    type: GroupConsumers,
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => GroupConsumers)
  consumers?: GroupConsumers
}

export class ListGroupsQuery {
  @ApiPropertyOptional({ description: 'The name to go on from: the `next` of the page before.', example: 'billing' })
  @IsOptional()
  @IsString()
  @MaxLength(GROUP_LIMITS.nameChars)
  after?: string

  @ApiPropertyOptional({
    description: 'The most subscriptions on a page.',
    ...{ type: 'integer', minimum: 1, maximum: GROUP_LIMITS.groups, default: LIMITS.readLimitDefault, example: 50 },
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GROUP_LIMITS.groups)
  limit?: number = LIMITS.readLimitDefault
}

export class TakeQuery {
  @ApiPropertyOptional({
    description: 'The most events to be given.',
    ...{ type: 'integer', minimum: 1, maximum: GROUP_LIMITS.takeMax, default: GROUP_LIMITS.takeDefault, example: 10 },
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GROUP_LIMITS.takeMax)
  max?: number = GROUP_LIMITS.takeDefault

  @ApiPropertyOptional({
    description: 'How many seconds to wait for the first.',
    ...{ minimum: 0, maximum: GROUP_LIMITS.waitSecondsMax, default: 0, example: 20 },
  })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(GROUP_LIMITS.waitSecondsMax)
  wait?: number = 0
}

export class AckBody {
  @ApiProperty({
    description: 'What is done.',
    ...{ type: [String], minItems: 1, maxItems: GROUP_LIMITS.tokensMax, example: ['1201.17'] },
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(GROUP_LIMITS.tokensMax)
  @IsString({ each: true })
  @MaxLength(GROUP_LIMITS.tokenChars, { each: true })
  tokens: string[]
}

export const NACK_ACTIONS = ['retry', 'park', 'skip'] as const

export class NackBody extends AckBody {
  @ApiProperty({
    description:
      '`retry`: hand it out again. `park`: put it aside for somebody to look at. `skip`: it need not be done.',
    ...{ enum: NACK_ACTIONS, example: 'retry' },
  })
  @IsString()
  @IsIn(NACK_ACTIONS)
  action: (typeof NACK_ACTIONS)[number]

  @ApiPropertyOptional({
    description: 'Of `retry`: how long not to hand it out.',
    ...{ minimum: 0, maximum: GROUP_LIMITS.delaySecondsMax, default: 0, example: 30 },
  })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(GROUP_LIMITS.delaySecondsMax)
  delaySeconds?: number

  @ApiPropertyOptional({ description: 'Why, for whoever looks at it.', maxLength: GROUP_LIMITS.reasonChars })
  @IsOptional()
  @IsString()
  @MaxLength(GROUP_LIMITS.reasonChars)
  reason?: string
}

export class ParkedQuery {
  @ApiPropertyOptional({ description: 'The position to go on behind: the `next` of the page before.', ...POSITION })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number = 0

  @ApiPropertyOptional({
    description: 'The most events on a page.',
    ...{ type: 'integer', minimum: 1, maximum: GROUP_LIMITS.parkedPageMax, default: GROUP_LIMITS.parkedPageDefault },
    example: 50,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GROUP_LIMITS.parkedPageMax)
  limit?: number = GROUP_LIMITS.parkedPageDefault
}

export class ParkedBody {
  @ApiPropertyOptional({
    description: 'Which of the parked; without it all. Positions that are not parked are passed over.',
    ...{ type: [Number], maxItems: GROUP_LIMITS.parked, example: [1201] },
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(GROUP_LIMITS.parked)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  positions?: number[]
}
