// Revokes tokens: stored in `$security` before it takes effect, and in effect again before a start serves a request.
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import type { RevocationKind, Revoked } from '../auth/revocations.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { invalid, StoreError } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { ServiceStream, type StreamFold } from '../service-streams/service-stream.js'
import { SECURITY_STREAM } from './journal.js'
import type { RevocationAnswerDto, RevocationDto } from './revocations.dto.js'

/** The number is bounded, because each takes memory until somebody restores it. */
const MOST = 10_000

interface RevocationChange {
  readonly type: 'token.revoked' | 'token.restored'
  readonly kind: RevocationKind
  readonly id: string
  readonly by: string
  readonly reason?: string
  /** The time of the first revocation, in an event that was written again because retention removes the first. */
  readonly at?: string
}

/** The revocations in force by name, oldest first. */
type ActiveRevocations = Map<string, RevocationAnswerDto>

const FOLD: StreamFold<ActiveRevocations, RevocationChange> = {
  stream: SECURITY_STREAM,
  types: ['token.revoked', 'token.restored'],
  empty: () => new Map(),
  apply(active, { type, kind, id, by, reason, at }, { timestamp }) {
    if (type === 'token.restored') active.delete(nameOf({ kind, id }))
    else
      active.set(nameOf({ kind, id }), {
        kind,
        id,
        by,
        timestamp: at ?? timestamp,
        ...(reason !== undefined && { reason }),
      })
  },
  whole: active =>
    [...active.values()].map(({ timestamp: at, ...revoked }) => ({ type: 'token.revoked', ...revoked, at })),
}

@Injectable()
export class TokenRevocations implements OnApplicationBootstrap {
  private readonly stream: ServiceStream<ActiveRevocations, RevocationChange>
  private readonly logger = new Logger('security')

  constructor(
    store: EventStore,
    private readonly verifier: TokenVerifier,
    private readonly retention: RetentionRewrite,
  ) {
    this.stream = new ServiceStream(store, FOLD)
  }

  /** Damaged events are logged and skipped, because one of them must not keep other revocations from taking effect. */
  async onApplicationBootstrap(): Promise<void> {
    for (const { kind, id } of await this.list()) this.verifier.revocations.add({ kind, id })
    for (const { from, to } of await this.stream.unproven()) {
      this.logger.error({ from, to, message: 'damaged events may hold revocations' })
    }
    this.retention.begin('revocations', () => this.stream.rewrite())
  }

  async list(): Promise<RevocationAnswerDto[]> {
    return [...(await this.stream.state()).values()]
  }

  /** Revoking again changes nothing and returns the first revocation. */
  revoke({ kind, id, reason }: RevocationDto, { agentId: by }: Access): Promise<RevocationAnswerDto> {
    return this.stream.inTurn(async (active, write) => {
      const name = nameOf({ kind, id })
      const known = active.get(name)
      if (known !== undefined) return known
      if (kind === 'agent' && id === by) {
        throw invalid('/id', 'is the agent that asks: it could not take it back')
      }
      if (active.size >= MOST) {
        throw new StoreError('INVALID_REQUEST', `${MOST} revocations stand already: restore those that are not needed.`)
      }
      await write([{ type: 'token.revoked', kind, id, by, ...(reason !== undefined && { reason }) }])
      this.verifier.revocations.add({ kind, id })
      await this.verifier.revocations.inForce()
      return active.get(name) as RevocationAnswerDto
    })
  }

  restore(revoked: Revoked, { agentId: by }: Access): Promise<void> {
    return this.stream.inTurn(async (active, write) => {
      if (!active.has(nameOf(revoked))) throw new StoreError('NOT_FOUND', 'This is not revoked.')
      const { kind, id } = revoked
      await write([{ type: 'token.restored', kind, id, by }])
      this.verifier.revocations.delete(revoked)
      await this.verifier.revocations.inForce()
    })
  }
}

function nameOf({ kind, id }: Revoked): string {
  return `${kind} ${id}`
}
