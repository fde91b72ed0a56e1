// Who the token is to the server, and tickets for what cannot send it.
import type { CallOptions } from './call.js'
import type { Http } from './http.js'

/** How much there is at most, and how much of it is left now. */
export interface Allowance {
  readonly limit: number
  readonly left: number
}

export interface WhoAmI {
  readonly agentId: string
  readonly role: string
  readonly issuer?: string
  readonly tokenId?: string
  readonly onBehalfOf?: readonly string[]
  /** The patterns on names of streams of each scope that the token has; `*` matches all but the service's own. */
  readonly scopes: { readonly [scope: string]: readonly string[] }
  /** The streams of the agent itself; `reason` says why there are none. */
  readonly own: { readonly patterns: readonly string[]; readonly reason?: string }
  readonly limits: {
    readonly requestsPerMinute: Allowance
    readonly eventsPerMinute: Allowance
    readonly bytesPerMinute: Allowance
    /** Events in one append. */
    readonly batch: number
    readonly batchBytes: number
    readonly eventBytes: number
    readonly bodyBytes: number
  }
  /** What the agent may hold at a time, by the names of the server's limits of work. */
  readonly work: { readonly [name: string]: Allowance }
  readonly expiresAt: string
  /** By the server's clock. */
  readonly expiresInSeconds: number
  readonly serverTime: string
  /** Which log the positions are of; a restore begins a new one. */
  readonly lineage: string
  /** Which start of the store answers; it rises with each. */
  readonly epoch: number
}

export interface Ticket {
  /** Good for one address, as `?ticket=`. */
  readonly ticket: string
  readonly expiresAt: string
}

export async function whoami(http: Http, options: CallOptions): Promise<WhoAmI> {
  return (await http.call({ method: 'GET', path: 'v1/whoami' }, options)).body as WhoAmI
}

export async function ticket(http: Http, options: CallOptions): Promise<Ticket> {
  return (await http.call({ method: 'POST', path: 'v1/tickets' }, options)).body as Ticket
}
