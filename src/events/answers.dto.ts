// The shapes of what the events routes answer, for the API's description.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { EventInStream } from './appends.dto.js'

const ID = { description: '{timestamp_ns}_{sequence}_{node_id}, rising.', example: '1790000000000000000_0_node-1' }
const POSITION = { description: 'The place in the log, from 1, without gaps.', example: 1201, type: 'integer' } as const
const REVISION = { description: 'The place in the stream, from 0, without gaps.', example: 4, type: 'integer' } as const
/** The service's own streams begin with `$`; no client writes them. */
const STORED_STREAM_PATTERN = '^[A-Za-z0-9$][A-Za-z0-9_.:/@-]*$'
const STREAM = { description: 'The stream it belongs to.', example: 'agent_builder-1/tasks' }
const TIMESTAMP = { description: 'RFC 3339 with nine decimals.', example: '2026-09-21T14:13:20.000000000Z' }
const DUPLICATE = { description: 'True when this idempotency key had been stored before.', example: false }
const DURABILITY = {
  description: 'What stands behind the answer.',
  example: 'fsync',
  enum: ['fsync', 'quorum', 'memory'],
}
const HEAD = { description: 'The head these events were read up to.', example: 5000, type: 'integer' } as const

export class AppendedOne {
  @ApiProperty(ID) id: string
  @ApiProperty(POSITION) position: number
  @ApiProperty(STREAM) stream: string
  @ApiProperty(REVISION) revision: number
  @ApiProperty(TIMESTAMP) timestamp: string
  @ApiProperty(DUPLICATE) duplicate: boolean
  @ApiProperty(DURABILITY) durability: string
}

export class AppendedPlace {
  @ApiProperty(ID) id: string
  @ApiProperty(POSITION) position: number
  @ApiProperty(STREAM) stream: string
  @ApiProperty(REVISION) revision: number
}

export class AppendedBatch {
  @ApiProperty({ description: 'One for each event, in order.', type: [AppendedPlace] }) events: AppendedPlace[]
  @ApiProperty(POSITION) firstPosition: number
  @ApiProperty(POSITION) lastPosition: number
  @ApiProperty(DUPLICATE) duplicate: boolean
  @ApiProperty(DURABILITY) durability: string
}

const OPERATION_ID = { description: 'Names the operation.', example: '4b1c8a52-6a0e-4d0b-9f57-0f6a2d1f3c11' }

export class AcceptedOperation {
  @ApiProperty(OPERATION_ID) operationId: string
}

export class OperationAnswer {
  @ApiProperty(OPERATION_ID) operationId: string
  @ApiProperty({ description: 'How far it is.', example: 'stored', enum: ['pending', 'stored', 'failed'] })
  status: string
  @ApiPropertyOptional({
    description: 'What the append would have been answered with; when it is stored.',
    type: 'object',
    additionalProperties: true,
  })
  result?: object
  @ApiPropertyOptional({
    description: 'The problem; when it has failed.',
    type: 'object',
    additionalProperties: true,
  })
  problem?: object
}

export class StoredEventAnswer extends EventInStream {
  @ApiProperty({ ...STREAM, pattern: STORED_STREAM_PATTERN }) stream: string
  @ApiProperty(ID) id: string
  @ApiProperty(POSITION) position: number
  @ApiProperty(REVISION) revision: number
  @ApiProperty(TIMESTAMP) timestamp: string
  @ApiProperty({ description: 'Who wrote it, from the token.', example: 'builder-1' }) agentId: string
  @ApiPropertyOptional({ description: 'On whose behalf, from the token.', example: ['planner-1'], type: [String] })
  onBehalfOf?: string[]
  @ApiPropertyOptional({
    description: 'W3C trace context of the request that wrote it.',
    example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  })
  traceparent?: string
  @ApiProperty({
    description: 'Hex SHA-256 of the stored bytes.',
    example: 'c0ffee'.repeat(10).concat('c0ff'),
  })
  checksum: string
}

export class EventsPage {
  @ApiProperty({ description: 'In the order asked for.', type: [StoredEventAnswer] }) events: StoredEventAnswer[]
  @ApiProperty({ description: 'The cursor of the next page, or null.', type: String, nullable: true })
  next: string | null
  @ApiProperty(HEAD) head: number
}

export class WaitAnswer {
  @ApiProperty({ description: 'Oldest first; at least one.', type: [StoredEventAnswer] }) events: StoredEventAnswer[]
  @ApiProperty({ ...POSITION, description: 'The `after` of the next wait.' }) position: number
  @ApiProperty(HEAD) head: number
}

export class StreamPage {
  @ApiProperty({ description: 'In the order asked for.', type: [StoredEventAnswer] }) events: StoredEventAnswer[]
  @ApiProperty({ description: 'The `from` of the next page, or null.', type: 'integer', nullable: true, example: 100 })
  next: number | null
  @ApiProperty({ ...REVISION, description: 'The revision of the stream, also its ETag.' }) revision: number
}
