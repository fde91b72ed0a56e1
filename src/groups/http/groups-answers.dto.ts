// The shapes of the answers of the consumer group routes, for the API description.
import { ROLES, type Role } from '../../auth/access.js'
import { EventFilterDto } from '../../wire/event-filter.dto.js'
import {
  AnyObject,
  Either,
  Integer,
  Nested,
  NestedList,
  OneOf,
  SomeOf,
  Text,
  TextList,
} from '../../wire/fields.decorator.js'
import { ON_DAMAGE, type OnDamage, ORDERINGS, type Ordering } from '../state/group-definition.js'

const Place = (description: string) => Integer(description, { example: 1201 })
const Count = (description: string) => Integer(description, { example: 3 })

export class OldestInFlightAnswer {
  @Place('Of the oldest event that is out.') position: number
  @Text('Until when it is its consumer’s.', { format: 'date-time' }) deadline: string
}

export class StalledAnswer {
  @OneOf(
    '`PARKED_FULL`: nothing more can be parked. `FLOOR_HELD`: too much is handed out or settled above an event that is not. `DATA_CORRUPT`: what follows cannot be read. `OWNER_REVOKED`: the tokens of its owner are revoked.',
    { of: ['PARKED_FULL', 'FLOOR_HELD', 'DATA_CORRUPT', 'OWNER_REVOKED'] },
  )
  code: string
  @Text('What it is, and what to do.') detail: string
}

export class GroupConsumersAnswer {
  @TextList('Globs on the ids of agents.', { example: ['worker-*'] }) agents: string[]
  @SomeOf('Roles of tokens.', { of: ROLES, example: [] }) roles: Role[]
}

export class GroupProgressAnswer {
  @Place('Everything up to here is settled or parked.') floor: number
  @Place('The log has been looked at up to here.') position: number
  @Place('The last position of the log.') head: number
  @Count('Positions between floor and head.') lag: number
  @Count('Handed out, and the deadline has not passed.') inFlight: number
  @Count('Handed out before and with nobody now.') retrying: number
  @Count('Put aside.') parked: number
  @Nested('The oldest event that is out.', OldestInFlightAnswer, { nullable: true })
  oldestInFlight: OldestInFlightAnswer | null
  @Text('When the next deadline passes or the next delay ends.', { format: 'date-time', nullable: true })
  nextDue: string | null
  @Nested('Why nothing new is handed out.', StalledAnswer, { nullable: true }) stalled: StalledAnswer | null
  @Count('Agents that wait for events or have some.') consumers: number
}

export class GroupAnswer {
  @Text('Its name.', { example: 'builders' }) name: string
  @Nested('Which events are handed out.', EventFilterDto) filter: EventFilterDto
  @Either('As it was defined.', [{ type: 'integer' }, { type: 'string' }], { example: 'start' }) after: number | string
  @Place('The position that stood for.') start: number
  @Integer('How long a consumer has to settle what it was given.', { example: 30 }) ackTimeoutSeconds: number
  @Integer('How many times an event is handed out before it is parked.', { example: 5 }) maxAttempts: number
  @Integer('How many events may be out at once.', { example: 1000 }) maxInFlight: number
  @OneOf('Which events are handed out one after the other: those of a stream, of a correlation, or none.', {
    of: ORDERINGS,
    example: 'none',
  })
  ordering: Ordering
  @OneOf('What becomes of events that cannot be read.', { of: ON_DAMAGE, example: 'stop' }) damaged: OnDamage
  @Text('The agent that owns it.', { example: 'planner-1' }) definedBy: string
  @Nested('Who may take from it beside that agent.', GroupConsumersAnswer) consumers: GroupConsumersAnswer
  @Nested('As far as this token may subscribe; with `admin.read` all of it.', GroupProgressAnswer)
  progress: GroupProgressAnswer
}

export class GroupsAnswer {
  @NestedList('In the order of their names.', GroupAnswer) subscriptions: GroupAnswer[]
  @Text('The `after` of the next page; null on the last.', { nullable: true }) next: string | null
}

export class DeliveryAnswer {
  @Text('Settles this delivery, and no other.', { example: '1201.17' }) token: string
  @Count('Which attempt this is, from 1.') attempt: number
  @Text('Until when nobody else is given it.', { format: 'date-time' }) deadline: string
  @AnyObject('The event, as `GET /v1/events` gives it.') event: object
}

export class TakeAnswer {
  @NestedList('Oldest first; empty when there was nothing in time.', DeliveryAnswer) deliveries: DeliveryAnswer[]
}

export class SettledAnswer {
  @Count('How many tokens are settled now.') settled: number
}

export class ParkedEventAnswer {
  @Place('Where the event stands.') position: number
  @Count('How many times it was handed out.') attempts: number
  @Text('Why it was parked.', { example: 'no such tool' }) reason: string
  @Text('When it was parked.', { format: 'date-time' }) at: string
  @AnyObject(
    'Null when this token may not subscribe to it, when retention has removed it, or when it cannot be read.',
    {
      nullable: true,
    },
  )
  event: object | null
}

export class ParkedAnswer {
  @NestedList(
    'In order of position. Those this token may not subscribe to are left out, unless it has `admin.read`.',
    ParkedEventAnswer,
  )
  parked: ParkedEventAnswer[]
  @Integer('The `after` of the next page; null on the last.', { nullable: true }) next: number | null
}

export class ReplayedAnswer {
  @Count('How many will be handed out again.') replayed: number
}

export class DiscardedAnswer {
  @Count('How many are done with.') discarded: number
}
