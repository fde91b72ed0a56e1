// Limits what an agent may request in a minute: token buckets for requests, events and bytes, in bounded memory.
import type { QuotasOfRoles } from '../config/figures.js'
import { StoreError } from '../contract/errors.js'
import type { Access } from './access.js'

export interface Charge {
  readonly requests?: number
  readonly events?: number
  readonly bytes?: number
}

/** Bounds the memory. Forgetting a bucket refills it, so the buckets made first are dropped first. */
const MOST_BUCKETS = 10_000
const MINUTE_MS = 60_000

class Bucket {
  private left: number
  private at: number

  constructor(
    private readonly limit: number,
    now: number,
  ) {
    this.left = limit
    this.at = now
  }

  /** Refills the bucket for the time that has passed and returns what is left; it may be negative. */
  level(now: number): number {
    if (now > this.at) {
      this.left = Math.min(this.limit, this.left + ((now - this.at) / MINUTE_MS) * this.limit)
      this.at = now
    }
    return this.left
  }

  /** Seconds until the amount is there. A larger amount than the bucket holds waits for a full one and overdraws it. */
  wait(amount: number, now: number): number {
    const missing = Math.min(amount, this.limit) - this.level(now)
    return amount === 0 || missing <= 0 ? 0 : Math.max(1, Math.ceil((missing / this.limit) * 60))
  }

  take(amount: number): void {
    this.left -= amount
  }

  untilFull(now: number): number {
    return Math.ceil(((this.limit - this.level(now)) / this.limit) * 60)
  }
}

/** Of one bucket: how much it holds when it is full, and now. */
interface Allowance {
  readonly limit: number
  readonly left: number
}

interface Buckets {
  readonly requests: Bucket
  readonly events: Bucket
  readonly bytes: Bucket
}

export class Quotas {
  private readonly buckets = new Map<string, Buckets>()

  constructor(
    private readonly quotas: QuotasOfRoles,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Throws BATCH_TOO_LARGE. It is no RATE_LIMITED, because waiting does not make a larger batch acceptable. */
  checkBatch({ role }: Access, events: number): void {
    const { batch } = this.quotas[role]
    if (events <= batch) return
    throw new StoreError('BATCH_TOO_LARGE', `The role ${role} appends at most ${batch} events at once, not ${events}`)
  }

  /** Throws RATE_LIMITED, and then charges nothing. */
  charge(access: Access, { requests = 0, events = 0, bytes = 0 }: Charge): void {
    const now = this.now()
    const mine = this.of(access, now)
    const { requestsPerMinute, eventsPerMinute, bytesPerMinute } = this.quotas[access.role]
    const ofRequests = mine.requests.wait(requests, now)
    const ofEvents = mine.events.wait(events, now)
    const ofBytes = mine.bytes.wait(bytes, now)
    const longest = Math.max(ofRequests, ofEvents, ofBytes)
    if (longest > 0) {
      const which = [ofRequests, ofEvents, ofBytes].indexOf(longest)
      const limit = [requestsPerMinute, eventsPerMinute, bytesPerMinute][which]
      const detail = `More than ${limit} ${['requests', 'events', 'bytes'][which]} in a minute`
      throw new StoreError('RATE_LIMITED', detail, { retryAfterSeconds: longest })
    }
    mine.requests.take(requests)
    mine.events.take(events)
    mine.bytes.take(bytes)
  }

  /** The header fields of draft-ietf-httpapi-ratelimit-headers, for requests. */
  fields(access: Access): { readonly limit: string; readonly policy: string } {
    const now = this.now()
    const { requests } = this.of(access, now)
    const left = Math.max(0, Math.floor(requests.level(now)))
    const quota = this.quotas[access.role].requestsPerMinute
    return { limit: `"requests";r=${left};t=${requests.untilFull(now)}`, policy: `"requests";q=${quota};w=60` }
  }

  /** What the agent may still use now, and the largest append of its role. */
  allowances(access: Access): Readonly<Record<keyof Charge, Allowance>> & { readonly batch: number } {
    const now = this.now()
    const { requests, events, bytes } = this.of(access, now)
    const { requestsPerMinute, eventsPerMinute, bytesPerMinute, batch } = this.quotas[access.role]
    const allowance = (bucket: Bucket, limit: number) => ({ limit, left: Math.max(0, Math.floor(bucket.level(now))) })
    return {
      requests: allowance(requests, requestsPerMinute),
      events: allowance(events, eventsPerMinute),
      bytes: allowance(bytes, bytesPerMinute),
      batch,
    }
  }

  private of({ agentId, role }: Access, now: number): Buckets {
    const name = `${role} ${agentId}`
    const held = this.buckets.get(name)
    if (held !== undefined) return held
    this.makeRoom()
    const { requestsPerMinute, eventsPerMinute, bytesPerMinute } = this.quotas[role]
    const made = {
      requests: new Bucket(requestsPerMinute, now),
      events: new Bucket(eventsPerMinute, now),
      bytes: new Bucket(bytesPerMinute, now),
    }
    this.buckets.set(name, made)
    return made
  }

  /** Drops the oldest buckets. An agent that is still busy then starts with full ones, which does little harm. */
  private makeRoom(): void {
    for (const name of this.buckets.keys()) {
      if (this.buckets.size < MOST_BUCKETS) return
      this.buckets.delete(name)
    }
  }
}
