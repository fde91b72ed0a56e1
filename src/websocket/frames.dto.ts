// The frames of the stream: these classes check what a client sends and describe what the server sends.
import { LIMITS } from '../contract/limits.js'
import { FrameEvent, FrameId, Named, OptionalFrameId } from '../streaming/frame-fields.dto.js'
import { EventFilterDto } from '../wire/event-filter.dto.js'
import {
  AnyList,
  AnyObject,
  Either,
  Flag,
  Integer,
  Nested,
  NestedList,
  OneOf,
  Text,
  TextList,
} from '../wire/fields.decorator.js'

const LINEAGE = /^[0-9a-f]{32}$/
const OF_LINEAGE = '4f1d8a0c6b2e47d59a3c1e7f5b8d2046'

const Place = (description = 'A place in the log; 0 is before the first event.', optional = false) =>
  Integer(description, { example: 1201, optional })
const Problem = (optional: boolean) =>
  AnyObject('What went wrong, as in application/problem+json.', {
    optional,
    example: { type: '/problems/FORBIDDEN', status: 403, code: 'FORBIDDEN' },
  })

export class AuthFrame {
  @Named('auth') type: 'auth'
  @Text('A token, as it would stand behind `Bearer`.', { example: 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln' }) token: string
}

export class SubscribeFrame {
  @Named('subscribe') type: 'subscribe'
  @FrameId id: string

  @Nested('Which events; without it, all that the token may see.', EventFilterDto, { optional: true })
  filter?: EventFilterDto

  @Either(
    'Behind which position, event id or time to begin; "start" or "head", which is the default.',
    [{ type: 'integer', minimum: 0 }, { type: 'string' }],
    { optional: true, example: 1200 },
  )
  after?: unknown

  @Text('The lineage that the client knows: behind the fork, `after` as a position is refused with LINEAGE_FORKED.', {
    optional: true,
    pattern: LINEAGE,
    example: OF_LINEAGE,
  })
  lineage?: string

  @OneOf('`skip`: frames `damaged` name what is passed over. `fail`: the subscription is closed at damage.', {
    optional: true,
    of: ['fail', 'skip'],
    default: 'fail',
  })
  onDamaged?: 'fail' | 'skip'
}

export class UnsubscribeFrame {
  @Named('unsubscribe') type: 'unsubscribe'
  @FrameId id: string
}

/** Only for the description: the content is checked by the code that checks `POST /v1/events/batch`. */
export class AppendFrame {
  @Named('append') type: 'append'
  @FrameId id: string

  @AnyList(
    'The events, stored all or none, at consecutive positions.',
    { $ref: '#/components/schemas/NewEventBody' },
    { min: 1, max: LIMITS.batchEvents },
  )
  events: unknown[]

  @AnyList(
    'Revisions that streams are expected to have.',
    { type: 'object', additionalProperties: true },
    {
      optional: true,
      max: LIMITS.expectationsPerAppend,
      example: [{ stream: 'agent_builder-1/tasks', expectedRevision: 4 }],
    },
  )
  expectations?: unknown[]

  @AnyObject('Fails the append if events match.', {
    optional: true,
    example: { failIfEventsMatch: { items: [{ tags: ['task:T-17'] }] }, after: 1200 },
  })
  condition?: object

  @Text('Idempotency key, kept for 24 h.', { optional: true, example: 'T-17/completed' }) key?: string
  @Text(
    'The correlation of its events that name none; without it that of the connection. One that is not valid is ignored.',
    { optional: true, example: 'build-42' },
  )
  correlationId?: string
  @Text('The W3C trace context of this append; without it that of the connection. One that is not valid is ignored.', {
    optional: true,
    example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  })
  traceparent?: string
}

export class PingFrame {
  @Named('ping') type: 'ping'
}

export class WelcomeFrame {
  @Named('welcome') type: 'welcome'
  @Text('Who the token says is connected.', { example: 'builder-1' }) agentId: string
  @Place('The last durable position.') head: number
  @Text('When the token expires, RFC 3339.', { format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  expiresAt: string
  @Text('Which log the positions are of; a restore begins a new one.', { example: OF_LINEAGE }) lineage: string
  @Integer('Which start of the store answers; it rises with each.', { example: 7 }) epoch: number
  @TextList('What this server takes that an earlier one did not.', { example: ['append.correlationId'] })
  features: readonly string[]
}

export class SubscribedFrame {
  @Named('subscribed') type: 'subscribed'
  @FrameId id: string
  @Place('The first event comes from behind it.') position: number
}

export class EventFrame {
  @Named('event') type: 'event'
  @FrameId id: string
  @FrameEvent('One event, as `GET /v1/events` gives it.') event: object
}

export class CheckpointFrame {
  @Named('checkpoint') type: 'checkpoint'
  @FrameId id: string
  @Place('Nothing more matched up to here.') position: number
}

export class CaughtUpFrame {
  @Named('caughtUp') type: 'caughtUp'
  @FrameId id: string
  @Place('What comes now is new.') position: number
}

export class FellBehindFrame {
  @Named('fellBehind') type: 'fellBehind'
  @FrameId id: string
  @Place('From here on the log is read, at the pace of the client.') position: number
}

export class DamagedFrame {
  @Named('damaged') type: 'damaged'
  @FrameId id: string
  @Place('The first position that is passed over.') from: number
  @Place('The last position that is passed over.') to: number
  @Text('What is wrong with them.', { example: 'an event does not have the hash it was stored with' }) reason: string
}

export class AppendedFramePlace {
  @Text('The id of the event.', { example: '1790000000000000000_0_node-1' }) id: string
  @Place() position: number
  @Text('The stream it belongs to.', { example: 'agent_builder-1/tasks' }) stream: string
  @Integer('The place in the stream, from 0.', { example: 4 }) revision: number
}

export class AppendedFrame {
  @Named('appended') type: 'appended'
  @FrameId id: string
  @NestedList('One for each event, in order.', AppendedFramePlace) events: AppendedFramePlace[]
  @Place() firstPosition: number
  @Place() lastPosition: number
  @Flag('Whether this key had been stored before.', { example: false }) duplicate: boolean
  @OneOf('What stands behind it.', { of: ['fsync', 'quorum', 'memory'], example: 'fsync' }) durability: string
}

export class HeartbeatFrame {
  @Named('heartbeat') type: 'heartbeat'
  @Place('The last durable position.') position: number
}

export class ModeFrame {
  @Named('mode') type: 'mode'
  @OneOf('The mode of the service.', { of: ['NORMAL', 'WARNING', 'EMERGENCY', 'RECOVERING'], example: 'EMERGENCY' })
  mode: string

  @Text('Why, in a sentence; absent in NORMAL.', { optional: true, example: 'the disk is full' }) reason?: string
}

export class ErrorFrame {
  @Named('error') type: 'error'
  @OptionalFrameId id?: string
  @Problem(false) problem: object

  @Integer('Seconds after which it makes sense to try again.', { optional: true, example: 2 })
  retryAfterSeconds?: number
}

export class ClosedFrame {
  @Named('closed') type: 'closed'
  @FrameId id: string
  @Text('`unsubscribed`, or the code of the problem.', { example: 'unsubscribed' }) reason: string
  @Place('How far it had come.', true) position?: number
  @Problem(true) problem?: object
}

export class GoawayFrame {
  @Named('goaway') type: 'goaway'
  @Text('Why the connection is about to be closed.', { example: 'The server is shutting down.' }) reason: string
}

/** The frames that are sent as objects. Events are not among them, because they are sent as bytes in envelopes. */
export type ServerFrame =
  | WelcomeFrame
  | SubscribedFrame
  | CheckpointFrame
  | CaughtUpFrame
  | FellBehindFrame
  | DamagedFrame
  | AppendedFrame
  | HeartbeatFrame
  | ModeFrame
  | ErrorFrame
  | ClosedFrame
  | GoawayFrame
