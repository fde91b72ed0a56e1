// Answers pages of other origins (CORS): their preflights, and the headers that let a listed origin read its answers.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AddressLimit } from '../auth/address-limit.js'
import { StoreError } from '../contract/errors.js'
import type { SharedLimits } from '../threads/shared-limits.js'
import { type AllowedHosts, wrongOrigin } from '../wire/allowed-hosts.js'

const PREFLIGHTS_PER_MINUTE = 10_000

/** What else the server serves is for pages of its own: `/docs` of a development server holds a token. */
const OPEN_PATHS = '/v1/'

/** Every header of an answer that clients look at; a page may read the content type, length and a few more anyway. */
const EXPOSED = [
  'Allow',
  'ETag',
  'Lighthouse-Lineage',
  'Lighthouse-Mode',
  'Lighthouse-Position',
  'Lighthouse-Warning',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Correlation-Id',
].join(', ')

/**
 * Browsers may send no credentials of their own (cookies), so `*` stands for every header but Authorization. The time is
 * the longest for which browsers keep the answer, and keeps them from asking before each request.
 */
const OF_PREFLIGHTS = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
  'access-control-allow-headers': 'Authorization, *',
  'access-control-max-age': '7200',
}

export class CrossOrigin {
  private readonly preflights: AddressLimit

  constructor(
    private readonly hosts: AllowedHosts,
    limits: SharedLimits,
  ) {
    this.preflights = new AddressLimit(PREFLIGHTS_PER_MINUTE, 'preflights', limits)
  }

  /** For a request with an Origin. Returns the error for a preflight that is refused, or that it has been answered. */
  begin(origin: string, request: FastifyRequest, reply: FastifyReply): StoreError | 'answered' | undefined {
    if (!request.url.startsWith(OPEN_PATHS)) return undefined
    const isListed = this.hosts.listsOrigin(origin)
    if (isListed) {
      void reply.headers({
        'access-control-allow-origin': origin,
        'access-control-expose-headers': EXPOSED,
        vary: 'Origin',
      })
    }
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
    if (!isPreflight) return undefined
    if (!this.preflights.admits(request.ip)) {
      return new StoreError('RATE_LIMITED', 'Too many preflights from this address', { retryAfterSeconds: 60 })
    }
    if (!isListed) return wrongOrigin(origin)
    void reply.status(204).headers(OF_PREFLIGHTS).send()
    return 'answered'
  }
}
