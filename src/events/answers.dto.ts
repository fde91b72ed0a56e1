// Describes the answers of the events routes for the OpenAPI document.
import { AnyObject, Flag, Integer, NestedList, OneOf, Text, TextList } from '../wire/fields.decorator.js'
import { EventInStream } from './appends.dto.js'

const EventId = Text('{timestamp_ns}_{sequence}_{node_id}, rising.', { example: '1790000000000000000_0_node-1' })
const Place = Integer('The place in the log, from 1, without gaps.', { example: 1201 })
const Revision = Integer('The place in the stream, from 0, without gaps.', { example: 4 })
const Stream = Text('The stream it belongs to.', { example: 'agent_builder-1/tasks' })
/** A stored stream may be one of the service's own, which begin with `$`; a client cannot append to those. */
const STORED_STREAM = /^[A-Za-z0-9$][A-Za-z0-9_.:/@-]*$/
const Timestamp = Text('RFC 3339 with nine decimals.', { example: '2026-09-21T14:13:20.000000000Z' })
const Duplicate = Flag('True when this idempotency key had been stored before.', { example: false })
const Durability = OneOf('What stands behind the answer.', { example: 'fsync', of: ['fsync', 'quorum', 'memory'] })
const Head = Integer('The head these events were read up to.', { example: 5000 })
const OperationId = Text('Names the operation.', { example: '4b1c8a52-6a0e-4d0b-9f57-0f6a2d1f3c11' })

export class AppendedPlace {
  @EventId id: string
  @Place position: number
  @Stream stream: string
  @Revision revision: number
}

export class AppendedOne extends AppendedPlace {
  @Timestamp timestamp: string
  @Duplicate duplicate: boolean
  @Durability durability: string
}

export class AppendedBatch {
  @NestedList('One for each event, in order.', AppendedPlace) events: AppendedPlace[]
  @Place firstPosition: number
  @Place lastPosition: number
  @Duplicate duplicate: boolean
  @Durability durability: string
}

export class AcceptedOperation {
  @OperationId operationId: string
}

export class OperationAnswer {
  @OperationId operationId: string
  @OneOf('How far it is.', { example: 'stored', of: ['pending', 'stored', 'failed'] }) status: string
  @AnyObject('What the append would have been answered with; when it is stored.', { optional: true }) result?: object
  @AnyObject('The problem; when it has failed.', { optional: true }) problem?: object
}

export class StoredEventAnswer extends EventInStream {
  @Text('The stream it belongs to.', { example: 'agent_builder-1/tasks', pattern: STORED_STREAM }) stream: string
  @EventId id: string
  @Place position: number
  @Revision revision: number
  @Timestamp timestamp: string
  @Text('Who wrote it, from the token.', { example: 'builder-1' }) agentId: string
  @TextList('On whose behalf, from the token.', { example: ['planner-1'], optional: true }) onBehalfOf?: string[]
  @Text('W3C trace context of the request that wrote it.', {
    optional: true,
    example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  })
  traceparent?: string
  @Text('Hex SHA-256 of the stored bytes.', { example: 'c0ffee'.repeat(10).concat('c0ff') }) checksum: string
}

export class SkippedRangeDto {
  @Integer('The first position.', { example: 17 }) from: number
  @Integer('The last position.', { example: 19 }) to: number
  @Text('What is wrong with them.', { example: 'an event does not have the hash it was stored with' }) reason: string
}

const Skipped = NestedList('With `onDamaged=skip`: what was passed over because it is damaged.', SkippedRangeDto, {
  optional: true,
})

export class EventsPage {
  @NestedList('In the order asked for.', StoredEventAnswer) events: StoredEventAnswer[]
  @Text('The cursor of the next page, or null.', { nullable: true }) next: string | null
  @Head head: number
  @Skipped damaged?: SkippedRangeDto[]
}

export class WaitAnswer {
  @NestedList('Oldest first; at least one.', StoredEventAnswer) events: StoredEventAnswer[]
  @Integer('The `after` of the next wait.', { example: 1201 }) position: number
  @Head head: number
}

export class StreamPage {
  @NestedList('In the order asked for.', StoredEventAnswer) events: StoredEventAnswer[]
  @Integer('The `from` of the next page, or null.', { nullable: true, example: 100 }) next: number | null
  @Integer('The revision of the stream, also its ETag.', { example: 4 }) revision: number
  @Skipped damaged?: SkippedRangeDto[]
}
