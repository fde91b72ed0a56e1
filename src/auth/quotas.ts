// Limits what an agent may request in a minute: token buckets for requests, events and bytes, in bounded memory.
import type { QuotasOfRoles } from '../config/figures.js'
import { StoreError } from '../contract/errors.js'
import type { NameHash } from '../threads/name-hash.js'
import { SharedLimits } from '../threads/shared-limits.js'
import { type Access, ROLES, type Role } from './access.js'
import { TokenBucket } from './token-bucket.js'

export interface Charge {
  readonly requests?: number
  readonly events?: number
  readonly bytes?: number
}

/** Of one bucket: how much it holds when it is full, and now. */
interface Allowance {
  readonly limit: number
  readonly left: number
}

/** Where the words of an agent's buckets stand, behind the rank of its row. */
const REQUESTS = 1
const EVENTS = 2
const BYTES = 3

/** The buckets of all agents of one role. */
interface BucketsOfRole {
  readonly names: NameHash
  readonly requests: TokenBucket
  readonly events: TokenBucket
  readonly bytes: TokenBucket
}

/**
 * The buckets of an agent are three words in memory of all threads. Where there is no room for those of another agent,
 * those made first are forgotten first: an agent that is still busy then starts with full ones, which does little harm.
 */
export class Quotas {
  private readonly ofRole: Readonly<Record<Role, BucketsOfRole>>

  constructor(
    private readonly quotas: QuotasOfRoles,
    private readonly limits = new SharedLimits(),
  ) {
    const { names, agents } = limits
    const bucketsOf = (role: Role): BucketsOfRole => {
      const { requestsPerMinute, eventsPerMinute, bytesPerMinute } = quotas[role]
      return {
        names: names.ofKind(`quotas of ${role}`),
        requests: new TokenBucket(agents.cells, requestsPerMinute),
        events: new TokenBucket(agents.cells, eventsPerMinute),
        bytes: new TokenBucket(agents.cells, bytesPerMinute),
      }
    }
    this.ofRole = Object.fromEntries(ROLES.map(role => [role, bucketsOf(role)])) as Record<Role, BucketsOfRole>
  }

  /** Throws BATCH_TOO_LARGE. It is no RATE_LIMITED, because waiting does not make a larger batch acceptable. */
  checkBatch({ role }: Access, events: number): void {
    const { batch } = this.quotas[role]
    if (events <= batch) return
    throw new StoreError('BATCH_TOO_LARGE', `The role ${role} appends at most ${batch} events at once, not ${events}`)
  }

  /** Throws RATE_LIMITED, and then charges nothing. */
  charge(access: Access, { requests = 0, events = 0, bytes = 0 }: Charge): void {
    const now = this.limits.now()
    const mine = this.ofRole[access.role]
    const row = this.rowOf(access, now)
    for (;;) {
      const ofRequests = mine.requests.wait(row + REQUESTS, requests, now)
      const ofEvents = mine.events.wait(row + EVENTS, events, now)
      const ofBytes = mine.bytes.wait(row + BYTES, bytes, now)
      const longest = Math.max(ofRequests, ofEvents, ofBytes)
      if (longest > 0) throw this.limited(access, [ofRequests, ofEvents, ofBytes].indexOf(longest), longest)
      // Only another thread can have taken what was there a moment ago, and then it is looked at again.
      if (!mine.requests.take(row + REQUESTS, requests, now)) continue
      if (mine.events.take(row + EVENTS, events, now)) {
        if (mine.bytes.take(row + BYTES, bytes, now)) return
        mine.events.giveBack(row + EVENTS, events)
      }
      mine.requests.giveBack(row + REQUESTS, requests)
    }
  }

  /** The header fields of draft-ietf-httpapi-ratelimit-headers, for requests. */
  fields(access: Access): { readonly limit: string; readonly policy: string } {
    const now = this.limits.now()
    const { requests } = this.ofRole[access.role]
    const word = this.rowOf(access, now) + REQUESTS
    const quota = this.quotas[access.role].requestsPerMinute
    const limit = `"requests";r=${requests.left(word, now)};t=${requests.untilFull(word, now)}`
    return { limit, policy: `"requests";q=${quota};w=60` }
  }

  /** What the agent may still use now, and the largest append of its role. */
  allowances(access: Access): Readonly<Record<keyof Charge, Allowance>> & { readonly batch: number } {
    const now = this.limits.now()
    const row = this.rowOf(access, now)
    const { requests, events, bytes } = this.ofRole[access.role]
    const { requestsPerMinute, eventsPerMinute, bytesPerMinute, batch } = this.quotas[access.role]
    return {
      requests: { limit: requestsPerMinute, left: requests.left(row + REQUESTS, now) },
      events: { limit: eventsPerMinute, left: events.left(row + EVENTS, now) },
      bytes: { limit: bytesPerMinute, left: bytes.left(row + BYTES, now) },
      batch,
    }
  }

  private rowOf({ agentId, role }: Access, now: number): number {
    return this.limits.agents.of(this.ofRole[role].names.of(agentId), Math.floor(now))
  }

  private limited({ role }: Access, which: number, retryAfterSeconds: number): StoreError {
    const { requestsPerMinute, eventsPerMinute, bytesPerMinute } = this.quotas[role]
    const limit = [requestsPerMinute, eventsPerMinute, bytesPerMinute][which]
    const detail = `More than ${limit} ${['requests', 'events', 'bytes'][which]} in a minute`
    return new StoreError('RATE_LIMITED', detail, { retryAfterSeconds })
  }
}
