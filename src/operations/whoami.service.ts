// Tells a caller what the server makes of its token. Nothing in it is new to whoever holds the token, but its limits.
import { Injectable } from '@nestjs/common'
import { type Access, SCOPES } from '../auth/access.js'
import { Quotas } from '../auth/quotas.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import { EventStore } from '../contract/event-store.js'
import { LIMITS } from '../contract/limits.js'
import type { Work } from '../contract/work-limits.js'
import type { AllowanceAnswer, LimitsAnswer, OwnStreamsAnswer, WhoAmIAnswer } from './whoami.dto.js'

const OWNS_NOTHING =
  'The id of the agent has a slash, a character that no stream name has, or too many characters: own stands for nothing.'

@Injectable()
export class WhoAmI {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly quotas: Quotas,
    private readonly budgets: WorkBudgets,
    private readonly store: EventStore,
  ) {}

  /** Throws UNAUTHENTICATED when the token is no longer good. */
  async tell(token: string | undefined): Promise<WhoAmIAnswer> {
    const { access, issuer, tokenId, expiresAt } = await this.verifier.stillGood(token)
    const { agentId, role, onBehalfOf } = access
    const now = this.verifier.clock.now()
    const lineage = this.store.lineage()
    return {
      agentId,
      role,
      ...(issuer === undefined ? undefined : { issuer }),
      ...(tokenId === undefined ? undefined : { tokenId }),
      ...(onBehalfOf === undefined ? undefined : { onBehalfOf }),
      scopes: scopesOf(access),
      own: ownOf(access),
      limits: this.limitsOf(access),
      work: await this.workOf(agentId),
      expiresAt: new Date(expiresAt).toISOString(),
      expiresInSeconds: Math.max(0, Math.floor((expiresAt - now) / 1000)),
      serverTime: new Date(now).toISOString(),
      lineage: lineage.id,
      epoch: lineage.epoch,
    }
  }

  private limitsOf(access: Access): LimitsAnswer {
    const { requests, events, bytes, batch } = this.quotas.allowances(access)
    const { batchEvents, batchBytes, eventBytes, bodyBytes } = LIMITS
    return {
      requestsPerMinute: requests,
      eventsPerMinute: events,
      bytesPerMinute: bytes,
      batch: Math.min(batch, batchEvents),
      batchBytes,
      eventBytes,
      bodyBytes,
    }
  }

  private async workOf(agentId: string): Promise<Record<string, AllowanceAnswer>> {
    const { limits } = this.budgets
    const work: Record<string, AllowanceAnswer> = {}
    for (const name of Object.keys(limits) as Work[]) {
      const limit = limits[name]
      work[name] = { limit, left: Math.max(0, limit - (await this.budgets.countOf(agentId, name))) }
    }
    return work
  }
}

/** Without the scopes that it does not have; no pattern is told twice, because a token may repeat them. */
function scopesOf(access: Access): Record<string, readonly string[]> {
  const granted = SCOPES.filter(scope => access.has(scope))
  return Object.fromEntries(granted.map(scope => [scope, [...new Set(access.patternsOf(scope))]]))
}

function ownOf({ own }: Access): OwnStreamsAnswer {
  return own.length > 0 ? { patterns: own } : { patterns: own, reason: OWNS_NOTHING }
}
