// The frames by which a client consumes a group, and those by which the server answers them.

import { FrameEvent, FrameId, Named } from '../../streaming/frame-fields.dto.js'
import { Integer, OneOf, Text, TextList } from '../../wire/fields.decorator.js'
import { DelaySeconds } from '../http/groups.dto.js'
import { GROUP_LIMITS } from '../state/group-limits.js'

const Subscription = Text('The name of a consumer group.', { example: 'reviews', min: 1, max: GROUP_LIMITS.nameChars })
const Tokens = TextList('Tokens of deliveries, settled all or none.', {
  example: ['1201.7'],
  min: 1,
  max: GROUP_LIMITS.tokensMax,
})

export class ConsumeFrame {
  @Named('consume') type: 'consume'
  @FrameId id: string
  @Subscription subscription: string

  @Integer('Deliveries that are out to this consumer at once.', {
    optional: true,
    example: 10,
    min: 1,
    max: GROUP_LIMITS.takeMax,
    default: GROUP_LIMITS.takeDefault,
  })
  maxInFlight?: number
}

export class AckFrame {
  @Named('ack') type: 'ack'
  @FrameId id: string
  @Subscription subscription: string
  @Tokens tokens: string[]
}

export class NackFrame {
  @Named('nack') type: 'nack'
  @FrameId id: string
  @Subscription subscription: string
  @Tokens tokens: string[]

  @OneOf('Hand it out again, set it aside, or let it be.', { of: ['retry', 'park', 'skip'], example: 'retry' })
  action: 'retry' | 'park' | 'skip'

  @DelaySeconds delaySeconds?: number

  @Text('Why, for whoever looks at what is parked.', {
    optional: true,
    example: 'no such file',
    max: GROUP_LIMITS.reasonChars,
  })
  reason?: string
}

export class ConsumingFrame {
  @Named('consuming') type: 'consuming'
  @FrameId id: string
  @Subscription subscription: string
}

export class DeliveryFrame {
  @Named('delivery') type: 'delivery'
  @FrameId id: string
  @Text('What settles it, and nothing else does.', { example: '1201.7' }) token: string
  @Integer('Which attempt this is, from 1.', { example: 1 }) attempt: number

  @Text('When it is handed out again unless it is settled.', {
    format: 'date-time',
    example: '2026-11-21T08:00:30.000Z',
  })
  deadline: string

  @FrameEvent('The event, as `GET /v1/events` gives it.') event: object
}

export class SettledFrame {
  @Named('settled') type: 'settled'
  @FrameId id: string
  @Integer('How many deliveries.', { example: 1 }) count: number
}
