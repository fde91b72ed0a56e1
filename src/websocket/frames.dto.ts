// Every frame of the stream: what a client may send, checked by these classes, and what the server sends, described by them.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator'
import { LIMITS } from '../contract/limits.js'
import { ID, named } from '../streaming/frame-fields.dto.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'

const POSITION = {
  description: 'A place in the log; 0 is before the first event.',
  example: 1201,
  type: 'integer',
} as const
const PROBLEM = {
  description: 'What went wrong, as in application/problem+json.',
  type: 'object',
  additionalProperties: true,
  example: { type: '/problems/FORBIDDEN', status: 403, code: 'FORBIDDEN' },
} as const

const list = (description: string, example: string) =>
  ApiPropertyOptional({ description, example: [example], type: [String], maxItems: LIMITS.filterValues })

/** Fields are AND-ed, the values of one field OR-ed, tags AND-ed. */
export class SubscriptionFilter {
  @list('Names of streams; `*` stands for any run of characters.', 'agent_builder-1*')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(LIMITS.filterValues)
  @IsString({ each: true })
  streams?: string[]

  @list('Event types; `*` stands for any run of characters.', 'task.*')
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

  @ApiPropertyOptional({ description: 'The correlation id of the events.', example: 'build-42' })
  @IsOptional()
  @IsString()
  correlationId?: string

  @ApiPropertyOptional({ description: 'The session of the events.', example: 'session-7' })
  @IsOptional()
  @IsString()
  sessionId?: string
}

export class AuthFrame {
  @named('auth')
  @IsIn(['auth'])
  type: 'auth'

  @ApiProperty({ description: 'A token, as it would stand behind `Bearer`.', example: 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln' })
  @IsString()
  token: string
}

export class SubscribeFrame {
  @named('subscribe')
  @IsIn(['subscribe'])
  type: 'subscribe'

  @ApiProperty(ID)
  @IsString()
  @MinLength(1)
  @MaxLength(FRAME_LIMITS.idChars)
  id: string

  @ApiPropertyOptional({
    description: 'Which events; without it, all that the token may see.',
    type: SubscriptionFilter,
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => SubscriptionFilter)
  filter?: SubscriptionFilter

  @ApiPropertyOptional({
    description: 'Behind which position, event id or time to begin; "start" or "head", which is the default.',
    oneOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }],
    example: 1200,
  })
  @IsOptional()
  after?: unknown
}

export class UnsubscribeFrame {
  @named('unsubscribe')
  @IsIn(['unsubscribe'])
  type: 'unsubscribe'

  @ApiProperty(ID)
  @IsString()
  @MinLength(1)
  @MaxLength(FRAME_LIMITS.idChars)
  id: string
}

/** Its events, expectations, condition and key are those of `POST /v1/events/batch`, checked as they are there. */
export class AppendFrame {
  @named('append')
  @IsIn(['append'])
  type: 'append'

  @ApiProperty(ID)
  @IsString()
  @MinLength(1)
  @MaxLength(FRAME_LIMITS.idChars)
  id: string

  @ApiProperty({
    description: 'The events, stored all or none, at consecutive positions.',
    type: 'array',
    minItems: 1,
    maxItems: LIMITS.batchEvents,
    items: { $ref: '#/components/schemas/NewEventBody' },
  })
  @IsArray()
  events: unknown[]

  @ApiPropertyOptional({
    description: 'Revisions that streams are expected to have.',
    type: 'array',
    maxItems: LIMITS.expectationsPerAppend,
    items: { type: 'object', additionalProperties: true },
    example: [{ stream: 'agent_builder-1/tasks', expectedRevision: 4 }],
  })
  @IsOptional()
  @IsArray()
  expectations?: unknown[]

  @ApiPropertyOptional({
    description: 'Fails the append if events match.',
    type: 'object',
    additionalProperties: true,
    example: { failIfEventsMatch: { items: [{ tags: ['task:T-17'] }] }, after: 1200 },
  })
  @IsOptional()
  @IsObject()
  condition?: object

  @ApiPropertyOptional({ description: 'Idempotency key, kept for 24 h.', example: 'T-17/completed' })
  @IsOptional()
  @IsString()
  key?: string
}

export class PingFrame {
  @named('ping')
  @IsIn(['ping'])
  type: 'ping'
}

export class WelcomeFrame {
  @named('welcome') type: 'welcome'
  @ApiProperty({ description: 'Who the token says is connected.', example: 'builder-1' }) agentId: string
  @ApiProperty({ ...POSITION, description: 'The last durable position.' }) head: number
  @ApiProperty({
    description: 'When the token expires, RFC 3339.',
    format: 'date-time',
    example: '2026-11-21T08:00:00.000Z',
  })
  expiresAt: string
}

export class SubscribedFrame {
  @named('subscribed') type: 'subscribed'
  @ApiProperty(ID) id: string
  @ApiProperty({ ...POSITION, description: 'The first event comes from behind it.' }) position: number
}

export class EventFrame {
  @named('event') type: 'event'
  @ApiProperty(ID) id: string
  @ApiProperty({
    description: 'One event, as `GET /v1/events` gives it.',
    allOf: [{ $ref: '#/components/schemas/StoredEventAnswer' }],
  })
  event: object
}

export class CheckpointFrame {
  @named('checkpoint') type: 'checkpoint'
  @ApiProperty(ID) id: string
  @ApiProperty({ ...POSITION, description: 'Nothing more matched up to here.' }) position: number
}

export class CaughtUpFrame {
  @named('caughtUp') type: 'caughtUp'
  @ApiProperty(ID) id: string
  @ApiProperty({ ...POSITION, description: 'What comes now is new.' }) position: number
}

export class FellBehindFrame {
  @named('fellBehind') type: 'fellBehind'
  @ApiProperty(ID) id: string
  @ApiProperty({ ...POSITION, description: 'From here on the log is read, at the pace of the client.' })
  position: number
}

export class AppendedFramePlace {
  @ApiProperty({ description: 'The id of the event.', example: '1790000000000000000_0_node-1' }) id: string
  @ApiProperty(POSITION) position: number
  @ApiProperty({ description: 'The stream it belongs to.', example: 'agent_builder-1/tasks' }) stream: string
  @ApiProperty({ description: 'The place in the stream, from 0.', example: 4, type: 'integer' }) revision: number
}

export class AppendedFrame {
  @named('appended') type: 'appended'
  @ApiProperty(ID) id: string
  @ApiProperty({ description: 'One for each event, in order.', type: [AppendedFramePlace] })
  events: AppendedFramePlace[]
  @ApiProperty(POSITION) firstPosition: number
  @ApiProperty(POSITION) lastPosition: number
  @ApiProperty({ description: 'Whether this key had been stored before.', example: false }) duplicate: boolean
  @ApiProperty({ description: 'What stands behind it.', enum: ['fsync', 'quorum', 'memory'], example: 'fsync' })
  durability: string
}

export class HeartbeatFrame {
  @named('heartbeat') type: 'heartbeat'
  @ApiProperty({ ...POSITION, description: 'The last durable position.' }) position: number
}

export class ErrorFrame {
  @named('error') type: 'error'
  @ApiPropertyOptional(ID) id?: string
  @ApiProperty(PROBLEM) problem: object
  @ApiPropertyOptional({ description: 'Seconds after which it makes sense to try again.', type: 'integer', example: 2 })
  retryAfterSeconds?: number
}

export class ClosedFrame {
  @named('closed') type: 'closed'
  @ApiProperty(ID) id: string
  @ApiProperty({ description: '`unsubscribed`, or the code of the problem.', example: 'unsubscribed' }) reason: string
  @ApiPropertyOptional({ ...POSITION, description: 'How far it had come.' }) position?: number
  @ApiPropertyOptional(PROBLEM) problem?: object
}

export class GoawayFrame {
  @named('goaway') type: 'goaway'
  @ApiProperty({ description: 'Why the connection is about to be closed.', example: 'The server is shutting down.' })
  reason: string
}

/** What an encoder is given: events come as bytes, by way of their envelopes. */
export type ServerFrame =
  | WelcomeFrame
  | SubscribedFrame
  | CheckpointFrame
  | CaughtUpFrame
  | FellBehindFrame
  | AppendedFrame
  | HeartbeatFrame
  | ErrorFrame
  | ClosedFrame
  | GoawayFrame
