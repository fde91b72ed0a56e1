// What revocations take and answer.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator'
import { LIMITS } from '../contract/limits.js'

export const REASON_CHARS_MAX = 512

export class RevocationDto {
  @ApiProperty({ description: 'All tokens of an agent, or one token.', enum: ['agent', 'token'], example: 'agent' })
  @IsIn(['agent', 'token'])
  kind: 'agent' | 'token'

  @ApiProperty({
    description: 'The name of the agent, or the `jti` of the token.',
    example: 'builder-1',
    minLength: 1,
    maxLength: LIMITS.agentChars,
  })
  @IsString()
  @MinLength(1)
  @MaxLength(LIMITS.agentChars)
  id: string

  @ApiPropertyOptional({
    description: 'Why, for the record.',
    example: 'its key was in a log',
    maxLength: REASON_CHARS_MAX,
  })
  @IsOptional()
  @IsString()
  @MaxLength(REASON_CHARS_MAX)
  reason?: string
}

export class RevocationAnswerDto extends RevocationDto {
  @ApiProperty({ description: 'Who revoked it.', example: 'operator' })
  by: string

  @ApiProperty({ description: 'When.', example: '2026-01-31T12:00:00.000000000Z' })
  timestamp: string
}

export class RevocationsAnswerDto {
  @ApiProperty({ description: 'What is revoked, oldest first.', type: [RevocationAnswerDto] })
  revocations: RevocationAnswerDto[]
}
