// The frames by which a client consumes a group: what it may send, and what the server answers.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator'
import { ID, named } from '../../streaming/frame-fields.dto.js'
import { FRAME_LIMITS } from '../../streaming/frame-limits.js'
import { GROUP_LIMITS } from '../state/group-limits.js'

const SUBSCRIPTION = {
  description: 'The name of a consumer group.',
  example: 'reviews',
  minLength: 1,
  maxLength: GROUP_LIMITS.nameChars,
}
const tokensOfDeliveries = () =>
  ApiProperty({
    description: 'Tokens of deliveries, settled all or none.',
    example: ['1201.7'],
    type: [String],
    minItems: 1,
    maxItems: GROUP_LIMITS.tokensMax,
  })

export class ConsumeFrame {
  @named('consume')
  @IsIn(['consume'])
  type: 'consume'

  @ApiProperty(ID)
  @IsString()
  @MinLength(1)
  @MaxLength(FRAME_LIMITS.idChars)
  id: string

  @ApiProperty(SUBSCRIPTION)
  @IsString()
  @MinLength(1)
  @MaxLength(GROUP_LIMITS.nameChars)
  subscription: string

  @ApiPropertyOptional({
    description: 'Deliveries that are out to this consumer at once.',
    example: 10,
    type: 'integer',
    minimum: 1,
    maximum: GROUP_LIMITS.takeMax,
    default: GROUP_LIMITS.takeDefault,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(GROUP_LIMITS.takeMax)
  maxInFlight?: number
}

export class AckFrame {
  @named('ack')
  @IsIn(['ack'])
  type: 'ack'

  @ApiProperty(ID)
  @IsString()
  @MinLength(1)
  @MaxLength(FRAME_LIMITS.idChars)
  id: string

  @ApiProperty(SUBSCRIPTION)
  @IsString()
  @MinLength(1)
  @MaxLength(GROUP_LIMITS.nameChars)
  subscription: string

  @tokensOfDeliveries()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(GROUP_LIMITS.tokensMax)
  @IsString({ each: true })
  tokens: string[]
}

export class NackFrame {
  @named('nack')
  @IsIn(['nack'])
  type: 'nack'

  @ApiProperty(ID)
  @IsString()
  @MinLength(1)
  @MaxLength(FRAME_LIMITS.idChars)
  id: string

  @ApiProperty(SUBSCRIPTION)
  @IsString()
  @MinLength(1)
  @MaxLength(GROUP_LIMITS.nameChars)
  subscription: string

  @tokensOfDeliveries()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(GROUP_LIMITS.tokensMax)
  @IsString({ each: true })
  tokens: string[]

  @ApiProperty({
    description: 'Hand it out again, set it aside, or let it be.',
    enum: ['retry', 'park', 'skip'],
    example: 'retry',
  })
  @IsIn(['retry', 'park', 'skip'])
  action: 'retry' | 'park' | 'skip'

  @ApiPropertyOptional({
    description: 'Of `retry`: how long to wait first.',
    example: 30,
    type: 'integer',
    minimum: 0,
    maximum: GROUP_LIMITS.delaySecondsMax,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(GROUP_LIMITS.delaySecondsMax)
  delaySeconds?: number

  @ApiPropertyOptional({ description: 'Why, for whoever looks at what is parked.', example: 'no such file' })
  @IsOptional()
  @IsString()
  @MaxLength(GROUP_LIMITS.reasonChars)
  reason?: string
}

export class ConsumingFrame {
  @named('consuming') type: 'consuming'
  @ApiProperty(ID) id: string
  @ApiProperty(SUBSCRIPTION) subscription: string
}

export class DeliveryFrame {
  @named('delivery') type: 'delivery'
  @ApiProperty(ID) id: string
  @ApiProperty({ description: 'What settles it, and nothing else does.', example: '1201.7' }) token: string
  @ApiProperty({ description: 'Which attempt this is, from 1.', example: 1, type: 'integer' }) attempt: number
  @ApiProperty({
    description: 'When it is handed out again unless it is settled.',
    format: 'date-time',
    example: '2026-11-21T08:00:30.000Z',
  })
  deadline: string
  @ApiProperty({
    description: 'The event, as `GET /v1/events` gives it.',
    allOf: [{ $ref: '#/components/schemas/StoredEventAnswer' }],
  })
  event: object
}

export class SettledFrame {
  @named('settled') type: 'settled'
  @ApiProperty(ID) id: string
  @ApiProperty({ description: 'How many deliveries.', example: 1, type: 'integer' }) count: number
}
