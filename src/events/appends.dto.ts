// Describes appends and stored events for the OpenAPI document; the contract's own check decides what is accepted.
import { LIMITS } from '../contract/limits.js'
import {
  AnyObject,
  Either,
  Integer,
  Nested,
  NestedList,
  PositionField,
  Text,
  TextList,
} from '../wire/fields.decorator.js'

const ID_EXAMPLE = '1790000000000000000_0_node-1'
const STREAM_EXAMPLE = 'agent_builder-1/tasks'
const OF_REFERENCES = { optional: true, min: 1, max: LIMITS.referenceChars } as const

/** An event without its stream, because on the stream's own route the path names it. */
export class EventInStream {
  @Text('What happened. An open vocabulary.', {
    example: 'task.completed',
    min: 1,
    max: LIMITS.typeChars,
    pattern: /^[A-Za-z][A-Za-z0-9_.:-]*$/,
  })
  type: string

  @AnyObject(`Any JSON object, kept exactly, nested at most ${LIMITS.nestingDepth} deep.`, {
    example: { task: 'T-17', result: 'green' },
  })
  data: Record<string, unknown>

  @AnyObject(`Any JSON object beside the data, at most ${LIMITS.metadataBytes} bytes as stored.`, {
    example: { tool: 'ci' },
    optional: true,
  })
  metadata?: Record<string, unknown>

  @TextList('What the event is about; reads and conditions find it by them.', {
    example: ['project:apollo'],
    optional: true,
    max: LIMITS.tagsPerEvent,
    of: { min: 1, max: LIMITS.tagChars },
  })
  tags?: string[]

  @Integer('The version of the shape of `data`.', { optional: true, example: 1, min: 1, default: 1 })
  schemaVersion?: number

  @Text('Ties together what belongs to one undertaking; the request’s X-Correlation-Id without it.', {
    example: 'build-42',
    ...OF_REFERENCES,
  })
  correlationId?: string

  @Text('Normally the id of the event that caused this one.', { example: ID_EXAMPLE, ...OF_REFERENCES })
  causationId?: string

  @Text('The session in which it happened.', { example: 'session-7', ...OF_REFERENCES })
  sessionId?: string

  @TextList('Ids of further direct causes.', { optional: true, example: [ID_EXAMPLE], max: LIMITS.parentsPerEvent })
  parents?: string[]

  @Text('When it happened where it happened. Kept, never used for order.', {
    optional: true,
    example: '2026-01-31T12:00:00Z',
    format: 'date-time',
  })
  occurredAt?: string
}

export class NewEventBody extends EventInStream {
  @Text('The sequence the event belongs to.', {
    example: STREAM_EXAMPLE,
    min: 1,
    max: LIMITS.streamChars,
    pattern: /^[A-Za-z0-9][A-Za-z0-9_.:/@-]*$/,
  })
  stream: string
}

const Revision = (optional: boolean) =>
  Either(
    'The revision the stream must have, or `any`, `none` (no events yet), `exists`.',
    [
      { type: 'integer', minimum: 0 },
      { type: 'string', enum: ['any', 'none', 'exists'] },
    ],
    { example: 4, optional },
  )

const VALUES = { optional: true, max: LIMITS.conditionValuesPerItem } as const

export class ConditionItemBody {
  @TextList('Types, of which an event has one.', { example: ['task.claimed'], ...VALUES }) types?: string[]
  @TextList('Tags, of which an event has all.', { example: ['task:T-17'], ...VALUES }) tags?: string[]
}

export class MatchBody {
  @NestedList(
    `What must not exist; one match is enough to refuse the append. At most ${LIMITS.conditionValues} types and tags in all items together.`,
    ConditionItemBody,
    { min: 1, max: LIMITS.conditionItems },
  )
  items: ConditionItemBody[]
}

export class ConditionBody {
  @Nested('The append fails if such events exist, readable or not.', MatchBody) failIfEventsMatch: MatchBody
  @PositionField('Only events beyond this position count.', { optional: true, example: 1200 }) after?: number
}

const Condition = Nested('Refuses the append if matching events exist.', ConditionBody, { optional: true })

export class SingleAppendBody extends NewEventBody {
  @Revision(true) expectedRevision?: number | string
  @Condition condition?: ConditionBody
}

export class ExpectationBody {
  @Text('The stream of which a revision is expected.', { example: STREAM_EXAMPLE }) stream: string
  @Revision(false) expectedRevision: number | string
}

const OF_BATCHES = { min: 1, max: LIMITS.batchEvents } as const

export class BatchAppendBody {
  @NestedList(
    `Events, stored all or none, in this order; at most ${LIMITS.batchBytes} bytes together.`,
    NewEventBody,
    OF_BATCHES,
  )
  events: NewEventBody[]

  @NestedList('Revisions that streams must have, each stream once.', ExpectationBody, {
    optional: true,
    max: LIMITS.expectationsPerAppend,
  })
  expectations?: ExpectationBody[]

  @Condition condition?: ConditionBody
}

export class StreamSingleAppendBody extends EventInStream {
  @Condition condition?: ConditionBody
}

export class StreamBatchAppendBody {
  @NestedList('Events without their stream, stored all or none, in this order.', EventInStream, OF_BATCHES)
  events: EventInStream[]

  @Condition condition?: ConditionBody
}
