// The requests and answers of revocations.
import { LIMITS } from '../contract/limits.js'
import { NestedList, OneOf, Text } from '../wire/fields.decorator.js'

export const REASON_CHARS_MAX = 512

export class RevocationDto {
  @OneOf('All tokens of an agent, or one token.', { of: ['agent', 'token'], example: 'agent' }) kind: 'agent' | 'token'

  @Text('The name of the agent, or the `jti` of the token.', { example: 'builder-1', min: 1, max: LIMITS.agentChars })
  id: string

  @Text('Why, for the record.', { optional: true, example: 'its key was in a log', max: REASON_CHARS_MAX })
  reason?: string
}

export class RevocationAnswerDto extends RevocationDto {
  @Text('Who revoked it.', { example: 'operator' }) by: string
  @Text('When.', { example: '2026-01-31T12:00:00.000000000Z' }) timestamp: string
}

export class RevocationsAnswerDto {
  @NestedList('What is revoked, oldest first.', RevocationAnswerDto) revocations: RevocationAnswerDto[]
}
