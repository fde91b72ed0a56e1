// The shapes of appends and of stored events, for the API's description; the contract's own check decides what is accepted.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { LIMITS } from '../contract/limits.js'

const TYPE_PATTERN = '^[A-Za-z][A-Za-z0-9_.:-]*$'
const STREAM_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.:/@-]*$'
const ID_EXAMPLE = '1790000000000000000_0_node-1'

const reference = (description: string, example: string) =>
  ApiPropertyOptional({ description, example, minLength: 1, maxLength: LIMITS.referenceChars })

/** What an event is without its stream: on the stream's own route the path names it. */
export class EventInStream {
  @ApiProperty({
    description: 'What happened. An open vocabulary.',
    example: 'task.completed',
    minLength: 1,
    maxLength: LIMITS.typeChars,
    pattern: TYPE_PATTERN,
  })
  type: string

  @ApiProperty({
    description: `Any JSON object, kept exactly, nested at most ${LIMITS.nestingDepth} deep.`,
    example: { task: 'T-17', result: 'green' },
    type: 'object',
    additionalProperties: true,
  })
  data: Record<string, unknown>

  @ApiPropertyOptional({
    description: `Any JSON object beside the data, at most ${LIMITS.metadataBytes} bytes as stored.`,
    example: { tool: 'ci' },
    type: 'object',
    additionalProperties: true,
  })
  metadata?: Record<string, unknown>

  @ApiPropertyOptional({
    description: 'What the event is about; reads and conditions find it by them.',
    example: ['project:apollo'],
    type: 'array',
    maxItems: LIMITS.tagsPerEvent,
    items: { type: 'string', minLength: 1, maxLength: LIMITS.tagChars },
  })
  tags?: string[]

  @ApiPropertyOptional({
    description: 'The version of the shape of `data`.',
    example: 1,
    type: 'integer',
    minimum: 1,
    default: 1,
  })
  schemaVersion?: number

  @reference('Ties together what belongs to one undertaking; the request’s X-Correlation-Id without it.', 'build-42')
  correlationId?: string

  @reference('Normally the id of the event that caused this one.', ID_EXAMPLE)
  causationId?: string

  @reference('The session in which it happened.', 'session-7')
  sessionId?: string

  @ApiPropertyOptional({
    description: 'Ids of further direct causes.',
    example: [ID_EXAMPLE],
    type: 'array',
    maxItems: LIMITS.parentsPerEvent,
    items: { type: 'string' },
  })
  parents?: string[]

  @ApiPropertyOptional({
    description: 'When it happened where it happened. Kept, never used for order.',
    example: '2026-01-31T12:00:00Z',
    format: 'date-time',
  })
  occurredAt?: string
}

export class NewEventBody extends EventInStream {
  @ApiProperty({
    description: 'The sequence the event belongs to.',
    example: 'agent_builder-1/tasks',
    minLength: 1,
    maxLength: LIMITS.streamChars,
    pattern: STREAM_PATTERN,
  })
  stream: string
}

const REVISION = {
  description: 'The revision the stream must have, or `any`, `none` (no events yet), `exists`.',
  example: 4,
  oneOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', enum: ['any', 'none', 'exists'] },
  ],
}

export class ConditionItemBody {
  @ApiPropertyOptional({
    description: 'Types, of which an event has one.',
    example: ['task.claimed'],
    type: [String],
    maxItems: LIMITS.conditionValuesPerItem,
  })
  types?: string[]

  @ApiPropertyOptional({
    description: 'Tags, of which an event has all.',
    example: ['task:T-17'],
    type: [String],
    maxItems: LIMITS.conditionValuesPerItem,
  })
  tags?: string[]
}

export class MatchBody {
  @ApiProperty({
    description: `What must not exist; one match is enough to refuse the append. At most ${LIMITS.conditionValues} types and tags in all items together.`,
    type: [ConditionItemBody],
    minItems: 1,
    maxItems: LIMITS.conditionItems,
  })
  items: ConditionItemBody[]
}

export class ConditionBody {
  @ApiProperty({ description: 'The append fails if such events exist, readable or not.', type: MatchBody })
  failIfEventsMatch: MatchBody

  @ApiPropertyOptional({
    description: 'Only events beyond this position count.',
    example: 1200,
    type: 'integer',
    minimum: 0,
  })
  after?: number
}

const CONDITION = { description: 'Refuses the append if matching events exist.', type: ConditionBody }

export class SingleAppendBody extends NewEventBody {
  @ApiPropertyOptional(REVISION)
  expectedRevision?: number | string

  @ApiPropertyOptional(CONDITION)
  condition?: ConditionBody
}

export class ExpectationBody {
  @ApiProperty({ description: 'The stream of which a revision is expected.', example: 'agent_builder-1/tasks' })
  stream: string

  @ApiProperty(REVISION)
  expectedRevision: number | string
}

export class BatchAppendBody {
  @ApiProperty({
    description: `Events, stored all or none, in this order; at most ${LIMITS.batchBytes} bytes together.`,
    type: [NewEventBody],
    minItems: 1,
    maxItems: LIMITS.batchEvents,
  })
  events: NewEventBody[]

  @ApiPropertyOptional({
    description: 'Revisions that streams must have, each stream once.',
    type: [ExpectationBody],
    maxItems: LIMITS.expectationsPerAppend,
  })
  expectations?: ExpectationBody[]

  @ApiPropertyOptional(CONDITION)
  condition?: ConditionBody
}

export class StreamSingleAppendBody extends EventInStream {
  @ApiPropertyOptional(CONDITION)
  condition?: ConditionBody
}

export class StreamBatchAppendBody {
  @ApiProperty({
    description: 'Events without their stream, stored all or none, in this order.',
    type: [EventInStream],
    minItems: 1,
    maxItems: LIMITS.batchEvents,
  })
  events: EventInStream[]

  @ApiPropertyOptional(CONDITION)
  condition?: ConditionBody
}
