// Revokes tokens: written down in `$security` before it is in force, and in force again before the first request of the next start.
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import type { Revoked } from '../auth/revocations.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { SERVICE_AGENT } from '../contract/check-append.js'
import { StoreError } from '../contract/errors.js'
import type { JsonObject } from '../contract/event.js'
import { EventStore } from '../contract/event-store.js'
import { SECURITY_STREAM } from './journal.js'
import type { RevocationAnswerDto, RevocationDto } from './revocations.dto.js'

const REVOKED = 'token.revoked'
const RESTORED = 'token.restored'
/** Each takes memory for as long as it stands. */
const MOST = 10_000

@Injectable()
export class TokenRevocations implements OnApplicationBootstrap {
  private readonly standing = new Map<string, RevocationAnswerDto>()
  private readonly logger = new Logger('security')

  constructor(
    private readonly store: EventStore,
    private readonly verifier: TokenVerifier,
  ) {}

  /** What cannot be read is told and passed over: a damaged event must not keep every other revocation from standing. */
  async onApplicationBootstrap(): Promise<void> {
    const onDamaged = ({ from, to }: { from: number; to: number }) =>
      this.logger.error({ from, to, message: 'damaged events may hold revocations' })
    const filter = { streams: [SECURITY_STREAM], types: [REVOKED, RESTORED] }
    for await (const { type, data, timestamp } of this.store.read({ filter, onDamaged })) {
      const { kind, id, reason, by } = data as unknown as RevocationAnswerDto
      if (type === REVOKED) this.stand({ kind, id, ...(reason === undefined ? undefined : { reason }), by, timestamp })
      else this.fall({ kind, id })
    }
  }

  list(): RevocationAnswerDto[] {
    return [...this.standing.values()]
  }

  /** The same again changes nothing. */
  async revoke({ kind, id, reason }: RevocationDto, { agentId: by }: Access): Promise<RevocationAnswerDto> {
    const known = this.standing.get(nameOf({ kind, id }))
    if (known !== undefined) return known
    if (kind === 'agent' && id === by) {
      const detail = 'is the agent that asks: it could not take it back'
      throw new StoreError('INVALID_REQUEST', `/id ${detail}`, { errors: [{ pointer: '/id', detail }] })
    }
    if (this.standing.size >= MOST) {
      throw new StoreError('INVALID_REQUEST', `${MOST} revocations stand already: restore those that are not needed.`)
    }
    const data = { kind, id, ...(reason === undefined ? undefined : { reason }), by }
    const revoked = { ...data, timestamp: await this.record(REVOKED, data) }
    this.stand(revoked)
    return revoked
  }

  async restore(revoked: Revoked, { agentId: by }: Access): Promise<void> {
    if (!this.standing.has(nameOf(revoked))) throw new StoreError('NOT_FOUND', 'This is not revoked.')
    const { kind, id } = revoked
    await this.record(RESTORED, { kind, id, by })
    this.fall(revoked)
  }

  private async record(type: string, data: JsonObject): Promise<string> {
    const event = { type, stream: SECURITY_STREAM, data }
    const { events } = await this.store.append({ events: [event], author: { agentId: SERVICE_AGENT } })
    return events[0]?.timestamp as string
  }

  private stand(revoked: RevocationAnswerDto): void {
    this.standing.set(nameOf(revoked), revoked)
    this.verifier.revocations.add(revoked)
  }

  private fall(revoked: Revoked): void {
    this.standing.delete(nameOf(revoked))
    this.verifier.revocations.delete(revoked)
  }
}

function nameOf({ kind, id }: Revoked): string {
  return `${kind} ${id}`
}
