// Describes the requests and answers of queries and of the list of streams.
import { LIMITS } from '../contract/limits.js'
import {
  AnyList,
  AnyObject,
  Decimal,
  Integer,
  Nested,
  NestedList,
  OneOf,
  Text,
  TextList,
} from '../wire/fields.decorator.js'
import { QUERY_LIMITS } from './query-limits.js'
import { COMPARISONS, GROUPS } from './where.js'

export class OrderByDto {
  @Text('Any field, or a path below data or metadata. position, id and timestamp cost nothing extra.', {
    example: 'data.score',
    max: LIMITS.pathChars,
  })
  field: string

  @OneOf('asc unless said otherwise.', { optional: true, of: ['asc', 'desc'], example: 'desc' }) order?: 'asc' | 'desc'
}

const VALUE = ['string', 'number', 'boolean', 'null']
const CONDITION = { type: 'object', additionalProperties: true }
const ofGroup = (name: 'and' | 'or' | 'not', inner: object) => ({
  title: name,
  type: 'object',
  required: [name],
  properties: { [name]: inner },
  additionalProperties: false,
})
const MANY_CONDITIONS = { type: 'array', minItems: 1, items: CONDITION }

/** No object fits two of them, because no event has a field of a name that the long form uses. */
const WHERE_FORMS = [
  {
    title: 'by fields',
    type: 'object',
    minProperties: 1,
    propertyNames: { not: { enum: ['field', 'op', 'value', ...GROUPS] } },
    additionalProperties: {
      oneOf: [
        { type: VALUE },
        {
          type: 'object',
          minProperties: 1,
          properties: Object.fromEntries(COMPARISONS.map(name => [name, {}])),
          additionalProperties: false,
        },
      ],
    },
  },
  {
    title: 'one comparison',
    type: 'object',
    required: ['field', 'op'],
    properties: { field: { type: 'string' }, op: { type: 'string', enum: COMPARISONS }, value: {} },
    additionalProperties: false,
  },
  ofGroup('and', MANY_CONDITIONS),
  ofGroup('or', MANY_CONDITIONS),
  ofGroup('not', CONDITION),
]

export class QueryDto {
  @TextList('Answer only these fields, each under the path as written; id and position always come along.', {
    optional: true,
    example: ['type', 'data.score'],
    min: 1,
    max: QUERY_LIMITS.selectFields,
  })
  select?: string[]

  @AnyObject(
    'Fields and what they are compared with, all of which must hold; or a condition {field, op, value}; or {and: […]}, {or: […]}, {not: …} of any of these. Operators are eq, ne, in, nin, gt, gte, lt, lte, exists, like.',
    { example: { type: 'TaskDone', 'data.score': { gte: 0.8 } }, oneOf: WHERE_FORMS },
  )
  where: Record<string, unknown>

  @Nested('Ascending position unless said otherwise.', OrderByDto, { optional: true }) orderBy?: OrderByDto

  @Integer('The most events on a page.', {
    optional: true,
    default: QUERY_LIMITS.limitDefault,
    example: 50,
    min: 1,
    max: QUERY_LIMITS.limitMax,
  })
  limit?: number

  @Text('The next of the page before, with the same where and orderBy.', {
    optional: true,
    max: QUERY_LIMITS.cursorChars,
  })
  cursor?: string
}

export class QueryPlanDto {
  @Text('The indexes used, or that there were none.', { example: 'type+position range' }) index: string
  @Integer('Events read and held against the query.', { example: 1200 }) scanned: number
  @Integer('Events among them that match.', { example: 17 }) matched: number
  @Decimal('Milliseconds it took.', { example: 12.4 }) ms: number
}

export class QueryAnswerDto {
  @AnyList('Whole events, or the selected fields of them.', { type: 'object', additionalProperties: true })
  events: Record<string, unknown>[]

  @Text('The cursor to go on with; null when all has been seen. A page may be short, even empty, and have one.', {
    nullable: true,
  })
  next: string | null

  @Nested('How they were found.', QueryPlanDto) plan: QueryPlanDto
}

export class StreamsQueryDto {
  @TextList('Globs on the name, of which one has to match; every stream but the $… of the service without them.', {
    optional: true,
    example: ['agent_*'],
    max: LIMITS.filterValues,
  })
  match?: string[]

  @Text('The name after which to go on: the next of the page before.', {
    optional: true,
    example: 'agent_7',
    min: 1,
    max: LIMITS.streamChars,
  })
  after?: string

  @Integer('The most streams on a page.', {
    optional: true,
    default: LIMITS.readLimitDefault,
    example: 50,
    min: 1,
    max: LIMITS.readLimitMax,
  })
  limit?: number
}

export class StreamHeadDto {
  @Text('Its name.', { example: 'agent_7' }) stream: string
  @Integer('Of its last event.', { example: 41 }) revision: number
  @Integer('Of its last event.', { example: 90210 }) lastPosition: number
}

export class StreamsAnswerDto {
  @NestedList('In the order of their names.', StreamHeadDto) streams: StreamHeadDto[]
  @Text('The after of the next page; null on the last.', { nullable: true }) next: string | null
}

export class StreamEventDto {
  @Text('Its id.', { example: '1767225600000000000_0_node-1' }) id: string
  @Integer('Its place in the log.', { example: 90210 }) position: number
  @Integer('Its place in the stream.', { example: 41 }) revision: number
  @Text('When it was appended.', { example: '2026-01-01T00:00:00.000000000Z' }) timestamp: string
}

export class StreamAnswerDto {
  @Text('Its name.', { example: 'agent_7' }) stream: string
  @Integer('Of its last event.', { example: 41 }) revision: number
  @Integer('Events still kept.', { example: 42 }) events: number

  @Nested('The first event still kept; null when retention has removed them all.', StreamEventDto, { nullable: true })
  first: StreamEventDto | null

  @Nested('The last event; null when retention has removed them all.', StreamEventDto, { nullable: true })
  last: StreamEventDto | null
}
