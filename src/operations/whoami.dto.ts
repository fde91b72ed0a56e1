// The answer of `GET /v1/whoami`.
import { ROLES } from '../auth/access.js'
import { AnyObject, Integer, Nested, OneOf, Text, TextList } from '../wire/fields.decorator.js'

export class AllowanceAnswer {
  @Integer('How much there is at most.', { example: 1_000 }) limit: number
  @Integer('How much of it is left now.', { example: 998 }) left: number
}

export class OwnStreamsAnswer {
  @TextList('What `own` stands for; empty where the agent owns nothing.', {
    example: ['agent_builder-1', 'agent_builder-1/*', 'agent-builder-1', 'agent-builder-1/*'],
  })
  patterns: readonly string[]

  @Text('Why it owns nothing.', { optional: true }) reason?: string
}

export class LimitsAnswer {
  @Nested('Requests in a minute. The limit fills steadily.', AllowanceAnswer) requestsPerMinute: AllowanceAnswer
  @Nested('Events appended in a minute.', AllowanceAnswer) eventsPerMinute: AllowanceAnswer
  @Nested('Bytes appended in a minute.', AllowanceAnswer) bytesPerMinute: AllowanceAnswer
  @Integer('Events in one append.', { example: 100 }) batch: number
  @Integer('Bytes of the events of one append, as stored.', { example: 10_485_760 }) batchBytes: number
  @Integer('Bytes of one event, as stored.', { example: 1_048_576 }) eventBytes: number
  @Integer('Bytes of the body of a request.', { example: 16_777_216 }) bodyBytes: number
}

export class WhoAmIAnswer {
  @Text('The agent that the token names.', { example: 'builder-1' }) agentId: string
  @OneOf('Its role.', { of: ROLES, example: 'agent' }) role: string
  @Text('Who signed the token, by its `iss`.', { optional: true, example: 'https://id.example' }) issuer?: string
  @Text('Its `jti`, by which it can be revoked.', { optional: true, example: 'b2f7' }) tokenId?: string
  @TextList('On whose behalf it acts, by its `act`.', { optional: true, example: ['planner-1'] })
  onBehalfOf?: readonly string[]

  @AnyObject(
    'The patterns on names of streams, by scope. `*` matches every stream but the service’s own, `$*` those.',
    {
      additionalProperties: { type: 'array', items: { type: 'string' } },
      example: { 'events.read': ['*'], 'events.write': ['agent_builder-1', 'agent_builder-1/*'] },
    },
  )
  scopes: Readonly<Record<string, readonly string[]>>

  @Nested('The streams of the agent itself.', OwnStreamsAnswer) own: OwnStreamsAnswer
  @Nested('What it may ask.', LimitsAnswer) limits: LimitsAnswer

  @AnyObject('What it may hold at a time, by the names of the limits of work.', {
    additionalProperties: { $ref: '#/components/schemas/AllowanceAnswer' },
    example: { connections: { limit: 100, left: 99 } },
  })
  work: Readonly<Record<string, AllowanceAnswer>>

  @Text('When the token ends, by its `exp`.', { format: 'date-time', example: '2026-01-31T13:00:00.000Z' })
  expiresAt: string

  @Integer('The seconds until then, by the clock of the server; 0 within the leeway.', { example: 3_600 })
  expiresInSeconds: number

  @Text('The time by which the server judges tokens.', { format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  serverTime: string

  @Text('Which log the positions are of; a restore begins a new one.', { example: '4f1d8a0c6b2e47d59a3c1e7f5b8d2046' })
  lineage: string

  @Integer('Which start of the store answers; it rises with each.', { example: 7 }) epoch: number
}
