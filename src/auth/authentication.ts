// Authenticates a request before its body is read, so that strangers cannot make the server parse anything.
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { invalid, StoreError } from '../contract/errors.js'
import { cutToBytes } from '../contract/utf8.js'
import './caller.decorator.js'
import { BadToken, MissingToken } from './claims.js'
import type { Denials } from './denials.js'
import { PerRoute } from './per-route.js'
import type { Quotas } from './quotas.js'
import { type Entry, type OpenRoutes, routeKey } from './route-needs.guard.js'
import { type Tickets, takeTickets } from './tickets.js'
import type { TokenVerifier, Verified } from './token-verifier.js'

const HEADER_CHARS = 'authorization'.length
const mostDescribed = 512
const realm = 'Bearer realm="lighthouse"'

export interface Caller {
  readonly address: string
  readonly route: string
  readonly agentId: string | undefined
}

/** Returns the token of an Authorization header; throws BadToken. */
export function bearerOf(authorization: string | undefined): string {
  if (authorization === undefined) throw new MissingToken()
  const space = authorization.indexOf(' ')
  if (space < 0 || authorization.slice(0, space).toLowerCase() !== 'bearer') {
    throw new BadToken('Authorization is not Bearer with a token')
  }
  return authorization.slice(space + 1)
}

/**
 * Returns the Authorization header. A second one is refused, because a proxy before the server may have checked the
 * other one; Node would silently keep the first.
 */
export function authorizationOf({ headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>) {
  const { authorization } = headers
  if (authorization === undefined) return undefined
  let found = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === HEADER_CHARS && name.toLowerCase() === 'authorization') found++
  }
  if (found > 1) throw new BadToken('The request has more than one Authorization header')
  return authorization
}

/** The WWW-Authenticate header for this refusal, with the characters RFC 6750 allows in a description, and bounded. */
export function challengeOf(error: Error): string {
  if (error instanceof MissingToken) return realm
  const said = cutToBytes(error.message.replace(/[^ !#-[\]-~]/gu, '?'), mostDescribed)
  return `${realm}, error="invalid_token", error_description="${said}"`
}

const NO_TICKETS: readonly string[] = []

/** What an EventSource sends. Any other form of answer is for whoever can send a header. */
const SERVER_SENT_EVENTS = 'text/event-stream'

function mustTakeTickets(entry: Entry | undefined, { headers }: FastifyRequest): void {
  if (entry === 'ticket' && headers.accept === SERVER_SENT_EVENTS) return
  throw invalid(
    '/ticket',
    `opens server-sent events (with Accept: ${SERVER_SENT_EVENTS}) and the WebSocket /v1/stream; here the token stands in Authorization`,
  )
}

function isStream(payload: unknown): payload is Readable {
  return typeof (payload as Readable | null | undefined)?.pipe === 'function'
}

export class Authentication {
  constructor(
    readonly verifier: TokenVerifier,
    private readonly quotas: Quotas,
    private readonly denials: Denials,
    private readonly tickets: Tickets,
  ) {}

  /**
   * Every route that is not open needs a token, even one that no controller declares. The token of a read is verified
   * twice, when the request comes and when its answer is ready, because a wait or a long read may outlast the token.
   */
  register(fastify: FastifyInstance, open: OpenRoutes): void {
    const entries = new PerRoute((method, path = '') => ({ entry: open.get(routeKey(method, path)) }))
    fastify.addHook('onRequest', (request, reply, done) => {
      const query = request.query as { ticket?: unknown }
      const tickets = query.ticket === undefined ? NO_TICKETS : takeTickets(request.raw)
      if (tickets.length > 0) delete query.ticket
      const path = request.routeOptions.url
      if (request.is404 || path === undefined) return done()
      const { entry } = entries.of(request.method, path)
      if (entry === 'public') return done()
      if (entry === 'optional' && tickets.length === 0 && request.headers.authorization === undefined) return done()
      try {
        if (tickets.length > 0) mustTakeTickets(entry, request)
        const verified = this.identify(request, tickets)
        if (verified instanceof Promise)
          return void verified
            .then(late => this.admit(request, reply, late, entry))
            .then(
              () => done(),
              error => done(this.refusal(request, reply, error)),
            )
        this.admit(request, reply, verified, entry)
      } catch (error) {
        return done(this.refusal(request, reply, error))
      }
      done()
    })
    fastify.addHook('onSend', (request, reply, payload, done) => {
      if (request.isRead !== true || reply.statusCode >= 400) return done(null, payload)
      const refused = (error: unknown) => {
        // The problem passes through this hook as well and must not be refused again.
        request.isRead = false
        if (isStream(payload)) payload.destroy()
        done(this.refusal(request, reply, error))
      }
      try {
        const verified = this.verifier.verify(request.token as string)
        if (verified instanceof Promise) return void verified.then(() => done(null, payload), refused)
      } catch (error) {
        return refused(error)
      }
      done(null, payload)
    })
  }

  private identify(request: FastifyRequest, tickets: readonly string[]): Verified | Promise<Verified> {
    const verify = (token: string) => {
      request.token = token
      return this.verifier.verify(token)
    }
    const token = this.tokenOf(request.raw, tickets)
    return typeof token === 'string' ? verify(token) : token.then(verify)
  }

  /**
   * Throws BadToken, or rejects with it, and throws INVALID_REQUEST when a request shows more than one thing that says
   * who sends it.
   */
  tokenOf(request: IncomingMessage, tickets: readonly string[]): string | Promise<string> {
    const authorization = authorizationOf(request)
    const [ticket] = tickets
    if (ticket === undefined) return bearerOf(authorization)
    if (tickets.length > 1) throw invalid('/ticket', 'is there more than once: send one')
    if (authorization !== undefined) throw invalid('/ticket', 'stands beside an Authorization header: send one of them')
    return this.tickets.redeem(ticket)
  }

  private admit(request: FastifyRequest, reply: FastifyReply, { access }: Verified, entry: Entry | undefined): void {
    request.access = access
    // A route that needs no token charges no quota.
    if (entry === 'optional') return
    try {
      this.quotas.charge(access, { requests: 1 })
    } finally {
      const { limit, policy } = this.quotas.fields(access)
      reply.header('RateLimit', limit).header('RateLimit-Policy', policy)
    }
  }

  private refusal(request: FastifyRequest, reply: FastifyReply, error: unknown): Error {
    const route = request.routeOptions.url ?? ''
    const refused = this.refused(error, { address: request.ip, route, agentId: request.access?.agentId })
    if (refused instanceof StoreError && refused.code === 'UNAUTHENTICATED') {
      reply.header('WWW-Authenticate', challengeOf(error as Error))
    }
    return refused
  }

  /** Reports a refusal and returns the error for the caller: a bad token, a full quota, or the given error itself. */
  refused(error: unknown, { address, route, agentId }: Caller): Error {
    const { name, code, message } = error as { name: string; code?: string; message: string }
    if (code === 'RATE_LIMITED') {
      this.denials.report({ reason: 'RATE_LIMITED', who: agentId ?? address, route, detail: message })
    }
    if (name !== 'BadToken') return error as Error
    const reason = this.denials.admitsFailure(address) ? 'UNAUTHENTICATED' : 'RATE_LIMITED'
    this.denials.report({ reason, who: address, route, detail: message })
    if (reason === 'UNAUTHENTICATED') return new StoreError(reason, message)
    return new StoreError(reason, 'Too many requests without a valid token', { retryAfterSeconds: 60 })
  }
}
