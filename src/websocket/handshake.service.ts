// Decides by its subprotocol and its token or ticket whether a request may become a connection; host and origin were checked before.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Injectable } from '@nestjs/common'
import type { Access } from '../auth/access.js'
import { Authentication, challengeOf } from '../auth/authentication.js'
import { type DenialReason, Denials } from '../auth/denials.js'
import { takeTickets } from '../auth/tickets.js'
import type { Verified } from '../auth/token-verifier.js'
import { codeOf, StoreError } from '../contract/errors.js'
import { Draining } from '../streaming/draining.service.js'
import { correlationHeader, correlationIdOf } from '../wire/correlation-id.js'
import type { FrameForm } from '../wire/event-frames.js'
import { traceparentOf } from '../wire/trace-context.js'
import type { Agents } from './agent-sockets.js'
import { SocketCounts } from './socket-counts.service.js'

export const STREAM_PATH = '/v1/stream'

const FORM_OF: Readonly<Record<string, FrameForm>> = {
  'lighthouse.v1.json': 'json',
  'lighthouse.v1.msgpack': 'msgpack',
}

/** The request that opened the connection. */
export interface UpgradeInfo {
  /** When it closes, what is held for the connection is given back. */
  readonly socket: Socket
  readonly address: string
  readonly correlationId: string
  readonly traceparent: string | undefined
}

export interface AuthenticatedToken {
  readonly token: string
  readonly verified: Verified
}

/** What the handshake found out for the connection. Without a bearer the token must come as the first frame. */
export interface Admission {
  readonly opening: UpgradeInfo
  readonly bearer: AuthenticatedToken | undefined
}

/** A handshake that is refused, with the headers that its answer needs besides. */
export class Refusal extends Error {
  override readonly name = 'Refusal'

  constructor(
    readonly reason: Error,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(reason.message)
  }
}

@Injectable()
export class Handshakes {
  private readonly admitted = new WeakMap<IncomingMessage, Admission>()

  constructor(
    private readonly authentication: Authentication,
    private readonly denials: Denials,
    private readonly counts: SocketCounts,
    readonly draining: Draining,
  ) {}

  get agents(): Agents {
    return this.counts.agents
  }

  /** Rejects with a Refusal, or with CLOSED when the server ends. */
  async admit(request: IncomingMessage): Promise<void> {
    this.draining.assertOpen()
    mustBeSpoken(request)
    const opening = openingOf(request)
    this.admitted.set(request, { opening, bearer: await this.bearerIn(request, opening) })
  }

  admissionOf(request: IncomingMessage): Admission {
    return this.admitted.get(request) ?? { opening: openingOf(request), bearer: undefined }
  }

  private async bearerIn(request: IncomingMessage, opening: UpgradeInfo): Promise<AuthenticatedToken | undefined> {
    try {
      const tickets = takeTickets(request)
      if (tickets.length === 0 && request.headers.authorization === undefined) {
        this.counts.admitStranger(opening.socket, opening.address)
        return undefined
      }
      const token = await this.identified(() => this.authentication.tokenOf(request, tickets), opening)
      return await this.identify(token, opening)
    } catch (error) {
      const challenge = codeOf(error) === 'UNAUTHENTICATED'
      const headers = challenge ? { 'WWW-Authenticate': challengeOf(error as Error) } : {}
      throw new Refusal(error as Error, headers)
    }
  }

  private async identified(tell: () => string | Promise<string>, opening: UpgradeInfo): Promise<string> {
    try {
      return await tell()
    } catch (error) {
      return this.refusing(opening)(error)
    }
  }

  /** Throws or rejects with the error for the caller. Returns a promise unless the token was verified recently. */
  identify(token: string, opening: UpgradeInfo): AuthenticatedToken | Promise<AuthenticatedToken> {
    try {
      const verified = this.authentication.verifier.verify(token)
      if (!(verified instanceof Promise)) return this.charged({ token, verified }, opening)
      return verified.then(found => this.charged({ token, verified: found }, opening)).catch(this.refusing(opening))
    } catch (error) {
      return this.refusing(opening)(error)
    }
  }

  private charged(bearer: AuthenticatedToken, opening: UpgradeInfo): AuthenticatedToken {
    const { access } = bearer.verified
    try {
      this.counts.admitAgent(opening.socket, access)
      return bearer
    } catch (error) {
      return this.refusing(opening, access.agentId)(error)
    }
  }

  private refusing({ address }: UpgradeInfo, agentId?: string): (error: unknown) => never {
    return error => {
      // A refusal from `charged` was reported there, with its agent, and passes through here a second time.
      if (agentId === undefined && error instanceof StoreError) throw error
      throw this.authentication.refused(error, { address, route: STREAM_PATH, agentId })
    }
  }

  denied(reason: DenialReason, detail: string, { agentId }: Access): void {
    this.denials.report({ reason, who: agentId, route: STREAM_PATH, detail })
  }

  /** Why the token is no longer good; undefined while it is. */
  async faultOf({ token }: AuthenticatedToken): Promise<string | undefined> {
    try {
      await this.authentication.verifier.verify(token)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }
}

export function frameFormOf(protocol: string): FrameForm {
  return FORM_OF[protocol] ?? 'json'
}

/** The first subprotocol a client offers that the server knows; undefined when there is none. */
export function protocolAmong(offered: Iterable<string>): string | undefined {
  for (const protocol of offered) if (Object.hasOwn(FORM_OF, protocol)) return protocol
  return undefined
}

function openingOf({ headers, socket }: IncomingMessage): UpgradeInfo {
  return {
    socket,
    address: socket.remoteAddress ?? '',
    correlationId: correlationIdOf(headers[correlationHeader]),
    traceparent: traceparentOf(headers['traceparent']),
  }
}

function mustBeSpoken({ headers }: IncomingMessage): void {
  const offered = headers['sec-websocket-protocol']
  if (offered === undefined) return
  if (protocolAmong(offered.split(',').map(name => name.trim())) !== undefined) return
  const spoken = Object.keys(FORM_OF).join(' and ')
  throw new Refusal(new StoreError('BAD_HTTP', `The subprotocols spoken here are ${spoken}.`))
}
