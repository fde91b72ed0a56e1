// The shapes of what the routes of consumer groups answer, for the API's description.
import { ApiProperty } from '@nestjs/swagger'
import { ROLES, type Role } from '../../auth/access.js'
import { ON_DAMAGE, type OnDamage, ORDERINGS, type Ordering } from '../state/group-definition.js'
import { GroupFilter } from './groups.dto.js'

const POSITION = { type: 'integer', example: 1201 } as const
const COUNT = { type: 'integer', example: 3 } as const
/** As `GET /v1/events` gives it. */
const EVENT = { type: 'object', additionalProperties: true } as const

export class OldestInFlightAnswer {
  @ApiProperty({ description: 'Of the oldest event that is out.', ...POSITION }) position: number
  @ApiProperty({ description: 'Until when it is its consumer’s.', format: 'date-time' }) deadline: string
}

export class StalledAnswer {
  @ApiProperty({
    description:
      '`PARKED_FULL`: nothing more can be parked. `FLOOR_HELD`: too much is handed out or settled above an event that is not. `DATA_CORRUPT`: what follows cannot be read. `OWNER_REVOKED`: the tokens of its owner are revoked.',
    enum: ['PARKED_FULL', 'FLOOR_HELD', 'DATA_CORRUPT', 'OWNER_REVOKED'],
  })
  code: string
  @ApiProperty({ description: 'What it is, and what to do.' }) detail: string
}

export class GroupConsumersAnswer {
  @ApiProperty({ description: 'Globs on the ids of agents.', type: [String], example: ['worker-*'] }) agents: string[]
  @ApiProperty({ description: 'Roles of tokens.', enum: ROLES, isArray: true, example: [] }) roles: Role[]
}

export class GroupProgressAnswer {
  @ApiProperty({
    description: 'Everything up to here is settled, handed out, waiting to be tried again, or parked.',
    ...POSITION,
  })
  floor: number
  @ApiProperty({ description: 'The log has been looked at up to here.', ...POSITION }) position: number
  @ApiProperty({ description: 'The last position of the log.', ...POSITION }) head: number
  @ApiProperty({ description: 'Positions between floor and head.', ...COUNT }) lag: number
  @ApiProperty({ description: 'Handed out, and the deadline has not passed.', ...COUNT }) inFlight: number
  @ApiProperty({ description: 'Handed out before and with nobody now.', ...COUNT }) retrying: number
  @ApiProperty({ description: 'Put aside.', ...COUNT }) parked: number
  @ApiProperty({ type: OldestInFlightAnswer, nullable: true }) oldestInFlight: OldestInFlightAnswer | null
  @ApiProperty({
    description: 'When the next deadline passes or the next delay ends.',
    ...{ type: String, format: 'date-time', nullable: true },
  })
  nextDue: string | null
  @ApiProperty({ description: 'Why nothing new is handed out.', type: StalledAnswer, nullable: true })
  stalled: StalledAnswer | null
  @ApiProperty({ description: 'Agents that wait for events or have some.', ...COUNT }) consumers: number
}

export class GroupAnswer {
  @ApiProperty({ example: 'builders' }) name: string
  @ApiProperty({ type: GroupFilter }) filter: GroupFilter
  @ApiProperty({
    description: 'As it was defined.',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
    example: 'start',
  })
  after: number | string
  @ApiProperty({ description: 'The position that stood for.', ...POSITION }) start: number
  @ApiProperty({ type: 'integer', example: 30 }) ackTimeoutSeconds: number
  @ApiProperty({ type: 'integer', example: 5 }) maxAttempts: number
  @ApiProperty({ type: 'integer', example: 1000 }) maxInFlight: number
  @ApiProperty({ enum: ORDERINGS, example: 'none' }) ordering: Ordering
  @ApiProperty({ enum: ON_DAMAGE, example: 'stop' }) damaged: OnDamage
  @ApiProperty({ description: 'The agent that owns it.', example: 'planner-1' }) definedBy: string
  @ApiProperty({ description: 'Who may take from it beside that agent.', type: GroupConsumersAnswer })
  consumers: GroupConsumersAnswer
  @ApiProperty({ description: 'As far as this token may subscribe.', type: GroupProgressAnswer })
  progress: GroupProgressAnswer
}

export class GroupsAnswer {
  @ApiProperty({ description: 'In the order of their names.', type: [GroupAnswer] }) subscriptions: GroupAnswer[]
  @ApiProperty({ description: 'The `after` of the next page; null on the last.', type: String, nullable: true })
  next: string | null
}

export class DeliveryAnswer {
  @ApiProperty({ description: 'Settles this delivery, and no other.', example: '1201.17' }) token: string
  @ApiProperty({ description: 'The how manieth time it is handed out, this one counted.', ...COUNT }) attempt: number
  @ApiProperty({ description: 'Until when nobody else is given it.', format: 'date-time' }) deadline: string
  @ApiProperty(EVENT) event: object
}

export class TakeAnswer {
  @ApiProperty({ description: 'Oldest first; empty when there was nothing in time.', type: [DeliveryAnswer] })
  deliveries: DeliveryAnswer[]
}

export class SettledAnswer {
  @ApiProperty({ description: 'How many tokens are settled now.', ...COUNT }) settled: number
}

export class ParkedEventAnswer {
  @ApiProperty({ ...POSITION }) position: number
  @ApiProperty({ description: 'How many times it was handed out.', ...COUNT }) attempts: number
  @ApiProperty({ example: 'no such tool' }) reason: string
  @ApiProperty({ description: 'When it was parked.', format: 'date-time' }) at: string
  @ApiProperty({
    description: 'Null when it has been removed by retention or cannot be read.',
    ...EVENT,
    nullable: true,
  })
  event: object | null
}

export class ParkedAnswer {
  @ApiProperty({
    description: 'In order of position; those this token may not read are left out.',
    type: [ParkedEventAnswer],
  })
  parked: ParkedEventAnswer[]
  @ApiProperty({ description: 'The `after` of the next page; null on the last.', type: 'integer', nullable: true })
  next: number | null
}

export class ReplayedAnswer {
  @ApiProperty({ description: 'How many will be handed out again.', ...COUNT }) replayed: number
}

export class DiscardedAnswer {
  @ApiProperty({ description: 'How many are done with.', ...COUNT }) discarded: number
}
