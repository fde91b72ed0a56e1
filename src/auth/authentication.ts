// Finds out who is calling before the body is read, so that strangers cannot make the server parse anything.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import './caller.decorator.js'
import { BadToken } from './claims.js'
import type { Denials } from './denials.js'
import type { Quotas } from './quotas.js'
import { routeKey } from './route-needs.guard.js'
import type { TokenVerifier, Verified } from './token-verifier.js'

const failuresPerMinute = 60
const mostAddresses = 10_000
const minuteMs = 60_000
const realm = 'Bearer realm="lighthouse"'

export class Authentication {
  private failures = new Map<string, number>()
  private minute = 0

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly quotas: Quotas,
    private readonly denials: Denials,
    private readonly now: () => number = Date.now,
  ) {}

  /** `open`: keys made by routeKey. Whatever is not among them needs a token, whoever registered it. */
  register(fastify: FastifyInstance, open: ReadonlySet<string>): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      const path = request.routeOptions.url
      if (request.is404 || path === undefined || open.has(routeKey(request.method, path))) return done()
      const admitted = (verified: Verified) => this.admit(request, reply, verified)
      const refused = (error: unknown) => this.refusal(request, reply, error)
      try {
        const verified = this.verify(request)
        if (verified instanceof Promise)
          return void verified.then(admitted).then(
            () => done(),
            error => done(refused(error)),
          )
        admitted(verified)
      } catch (error) {
        return done(refused(error))
      }
      done()
    })
  }

  private verify(request: FastifyRequest): Verified | Promise<Verified> {
    const { authorization } = request.headers
    if (authorization === undefined) throw new BadToken('')
    const space = authorization.indexOf(' ')
    if (space < 0 || authorization.slice(0, space).toLowerCase() !== 'bearer') {
      throw new BadToken('Authorization is not Bearer with a token')
    }
    return this.verifier.verify(authorization.slice(space + 1))
  }

  private admit(request: FastifyRequest, reply: FastifyReply, { access }: Verified): void {
    request.access = access
    try {
      this.quotas.charge(access, { requests: 1 })
    } finally {
      const { limit, policy } = this.quotas.fields(access)
      reply.header('RateLimit', limit).header('RateLimit-Policy', policy)
    }
  }

  private refusal(request: FastifyRequest, reply: FastifyReply, error: unknown): Error {
    const route = request.routeOptions.url ?? ''
    const { name, code, message } = error as { name: string; code?: string; message: string }
    if (code === 'RATE_LIMITED') {
      this.denials.tell({ reason: 'RATE_LIMITED', who: request.access?.agentId ?? request.ip, route, detail: message })
    }
    if (name !== 'BadToken') return error as Error
    const reason = this.mayFailAgain(request.ip) ? 'UNAUTHENTICATED' : 'RATE_LIMITED'
    const detail = message === '' ? 'The request has no Authorization header' : message
    this.denials.tell({ reason, who: request.ip, route, detail })
    if (reason === 'RATE_LIMITED') {
      return new StoreError(reason, 'Too many requests without a valid token', { retryAfterSeconds: 60 })
    }
    reply.header(
      'WWW-Authenticate',
      message === '' ? realm : `${realm}, error="invalid_token", error_description="${message}"`,
    )
    return new StoreError(reason, detail)
  }

  /** Good tokens from the same address are never held back: only failures count. */
  private mayFailAgain(address: string): boolean {
    const minute = Math.floor(this.now() / minuteMs)
    if (minute !== this.minute || this.failures.size >= mostAddresses) {
      this.failures = new Map()
      this.minute = minute
    }
    const failed = (this.failures.get(address) ?? 0) + 1
    this.failures.set(address, failed)
    return failed <= failuresPerMinute
  }
}
