// The fields that frames of every kind have.
import { ApiProperty } from '@nestjs/swagger'
import { FRAME_LIMITS } from './frame-limits.js'

export const ID = {
  description: 'Chosen by the client; answers carry it.',
  example: 'orders',
  minLength: 1,
  maxLength: FRAME_LIMITS.idChars,
}

export const named = (type: string) =>
  ApiProperty({ description: 'The name of the frame.', enum: [type], example: type })
