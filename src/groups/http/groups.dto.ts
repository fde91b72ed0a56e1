// The requests of the consumer group routes; these classes check them and describe them for the API description.
import { ROLES, type Role } from '../../auth/access.js'
import { LIMITS } from '../../contract/limits.js'
import { EventFilterDto } from '../../wire/event-filter.dto.js'
import {
  Decimal,
  Either,
  Integer,
  Nested,
  OneOf,
  PositionField,
  PositionList,
  SomeOf,
  Text,
  TextList,
} from '../../wire/fields.decorator.js'
import { ON_DAMAGE, type OnDamage, ORDERINGS, type Ordering } from '../state/group-definition.js'
import { GROUP_LIMITS } from '../state/group-limits.js'

export class GroupConsumers {
  @TextList('Globs on the ids of agents; `*` stands for any run of characters.', {
    optional: true,
    example: ['worker-*'],
    max: GROUP_LIMITS.consumerAgents,
  })
  agents?: string[]

  @SomeOf('Roles of tokens.', { optional: true, of: ROLES, example: ['expert_agent'] }) roles?: Role[]
}

export class DefineGroupBody {
  @Nested('Which events are handed out; without it all.', EventFilterDto, { optional: true }) filter?: EventFilterDto

  @Either(
    'Behind which event it begins: a position, an event id, an RFC 3339 time, `start` (of the log) or `head` (only what comes from now on).',
    [
      { type: 'integer', minimum: 0 },
      { type: 'string', minLength: 1 },
    ],
    { optional: true, default: 'head', example: 'start' },
  )
  after?: number | string

  @Integer('How long a consumer has to settle what it was given.', {
    optional: true,
    min: 1,
    max: GROUP_LIMITS.ackTimeoutSecondsMax,
    default: GROUP_LIMITS.ackTimeoutSecondsDefault,
    example: 60,
  })
  ackTimeoutSeconds?: number = GROUP_LIMITS.ackTimeoutSecondsDefault

  @Integer('How many times an event is handed out before it is parked.', {
    optional: true,
    min: 1,
    max: GROUP_LIMITS.attemptsMax,
    default: GROUP_LIMITS.attemptsDefault,
    example: 5,
  })
  maxAttempts?: number = GROUP_LIMITS.attemptsDefault

  @Integer('How many events may be out at once, with all consumers together.', {
    optional: true,
    min: 1,
    max: GROUP_LIMITS.inFlightMax,
    default: GROUP_LIMITS.inFlightDefault,
    example: 100,
  })
  maxInFlight?: number = GROUP_LIMITS.inFlightDefault

  @OneOf(
    '`stream`, `correlation`: at most one event of a stream (a correlation) is out at once, and none before an earlier one of it is settled or parked. `none`: any.',
    { optional: true, of: ORDERINGS, default: 'none', example: 'stream' },
  )
  ordering?: Ordering = 'none'

  @OneOf(
    '`stop`: where the log cannot be read nothing more is handed out, and the subscription says so. `skip`: go on behind it, and write down what was passed over.',
    { optional: true, of: ON_DAMAGE, default: 'stop', example: 'stop' },
  )
  damaged?: OnDamage = 'stop'

  @Nested(
    'Who may take from it beside the agent that defines it; for all others it does not exist. Left out: nobody, or, where it exists, whom it has named.',
    GroupConsumers,
    { optional: true },
  )
  consumers?: GroupConsumers
}

export class ListGroupsQuery {
  @Text('The name to go on from: the `next` of the page before.', {
    optional: true,
    example: 'billing',
    max: GROUP_LIMITS.nameChars,
  })
  after?: string

  @Integer('The most subscriptions on a page.', {
    optional: true,
    min: 1,
    max: GROUP_LIMITS.groups,
    default: LIMITS.readLimitDefault,
    example: 50,
  })
  limit?: number = LIMITS.readLimitDefault
}

export class TakeQuery {
  @Integer('The most events to be given.', {
    optional: true,
    min: 1,
    max: GROUP_LIMITS.takeMax,
    default: GROUP_LIMITS.takeDefault,
    example: 10,
  })
  max?: number = GROUP_LIMITS.takeDefault

  @Decimal('How many seconds to wait for the first.', {
    optional: true,
    min: 0,
    max: GROUP_LIMITS.waitSecondsMax,
    default: 0,
    example: 20,
  })
  wait?: number = 0
}

export class AckBody {
  @TextList('What is done.', {
    min: 1,
    max: GROUP_LIMITS.tokensMax,
    of: { max: GROUP_LIMITS.tokenChars },
    example: ['1201.17'],
  })
  tokens: string[]
}

/** Of a nack, over HTTP and over the socket. */
export const DelaySeconds = Decimal('Of `retry`: how long not to hand it out.', {
  optional: true,
  min: 0,
  max: GROUP_LIMITS.delaySecondsMax,
  default: 0,
  example: 30,
})

export const NACK_ACTIONS = ['retry', 'park', 'skip'] as const

export class NackBody extends AckBody {
  @OneOf('`retry`: hand it out again. `park`: put it aside for somebody to look at. `skip`: it need not be done.', {
    of: NACK_ACTIONS,
    example: 'retry',
  })
  action: (typeof NACK_ACTIONS)[number]

  @DelaySeconds delaySeconds?: number

  @Text('Why, for whoever looks at it.', { optional: true, max: GROUP_LIMITS.reasonChars }) reason?: string
}

export class ParkedQuery {
  @PositionField('The position to go on behind: the `next` of the page before.', { optional: true, example: 1201 })
  after?: number = 0

  @Integer('The most events on a page.', {
    optional: true,
    min: 1,
    max: GROUP_LIMITS.parkedPageMax,
    default: GROUP_LIMITS.parkedPageDefault,
    example: 50,
  })
  limit?: number = GROUP_LIMITS.parkedPageDefault
}

export class ParkedBody {
  @PositionList('Which of the parked; without it all. Positions that are not parked are passed over.', {
    optional: true,
    max: GROUP_LIMITS.parked,
    example: [1201],
  })
  positions?: number[]
}
