// Decides under which host names the server answers, so that a page cannot reach it by DNS rebinding, and which pages it lets in. Pure.
import type { IncomingMessage } from 'node:http'
import { StoreError } from '../contract/errors.js'
import { cutToBytes } from '../contract/utf8.js'

/** Only the machine itself gives its loopback address these names, so no page from elsewhere can have one. */
function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
}

/** True when a server that listens at this address can only be reached from its own machine. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || isLoopback(address.toLowerCase())
}

/** The name in lower case, without the port and the dot of the root; undefined when the text is no host. */
function nameOf(host: string): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+?)\.?(?::\d{0,5})?$/i.exec(host) ?? []
  return name?.toLowerCase()
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { 'http:': ':80', 'https:': ':443' }

/** As the host of an origin is written: an origin never says the port that its scheme has anyway, but a Host may. */
function asInOrigin(host: string | undefined, scheme: string): string | undefined {
  const port = DEFAULT_PORT[scheme]
  const lower = host?.toLowerCase()
  return port !== undefined && lower?.endsWith(port) ? lower.slice(0, -port.length) : lower
}

interface Listening {
  readonly env: string
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly corsOrigins: readonly string[]
}

export class AllowedHosts {
  private readonly names: ReadonlySet<string>
  private readonly origins: ReadonlySet<string>

  /** Where no name is listed every name is permitted, unless `onlyLoopback` is set. */
  constructor(
    listed: readonly string[],
    private readonly onlyLoopback: boolean,
    origins: readonly string[] = [],
  ) {
    this.origins = new Set(origins)
    this.names = new Set(listed.map(name => name.toLowerCase()))
  }

  /**
   * A development server hands its token to every client that reaches it. On a loopback address only loopback names are
   * permitted, because a rebound name would let a page from elsewhere fetch that token.
   */
  static of({ env, host, allowedHosts, corsOrigins }: Listening): AllowedHosts {
    return new AllowedHosts(allowedHosts, env === 'development' && isLoopbackAddress(host), corsOrigins)
  }

  /** Takes a Host header. Browsers always send one, so a request without it does not come from a page. */
  permits(host: string | undefined): boolean {
    if (host === undefined || (this.names.size === 0 && !this.onlyLoopback)) return true
    const name = nameOf(host)
    return name !== undefined && (isLoopback(name) || this.names.has(name))
  }

  /** Why a request may not be answered, be it plain or an upgrade: without Host it is none of HTTP/1.1. */
  refusalOf({ headers: { host }, httpVersion }: IncomingMessage): StoreError | undefined {
    if (host === undefined && httpVersion !== '1.0') return new StoreError('BAD_HTTP', 'The request has no Host header')
    return this.permits(host) ? undefined : wrongHost()
  }

  /** Of an Origin header: it is listed itself, or its host is one under which this server may be asked. */
  listsOrigin(origin: string): boolean {
    return this.origins.has(origin) || (this.names.size > 0 && this.names.has(hostnameOf(origin)))
  }

  /** Of an Origin header, beside a Host that is permitted: a page of this very host, or of an origin that is listed. */
  permitsOrigin(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined) return true
    if (!URL.canParse(origin)) return false
    const { host: from, protocol } = new URL(origin)
    return from === asInOrigin(host, protocol) || this.listsOrigin(origin)
  }
}

function hostnameOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : ''
}

const LONGEST_SHOWN = 256

/** Names the origin as a URL has it, so that nothing else of what was sent is repeated. */
export function wrongOrigin(origin: string | undefined): StoreError {
  const parsed = origin !== undefined && URL.canParse(origin) ? new URL(origin).origin : 'null'
  const from = parsed === 'null' ? 'no origin that could be listed' : cutToBytes(parsed, LONGEST_SHOWN)
  return new StoreError('WRONG_ORIGIN', `The page comes from ${from}, and this server is not set to let it in`)
}

/** What is sent is not repeated: it may be meant for another. */
function wrongHost(): StoreError {
  return new StoreError('WRONG_HOST', 'The Host header names a host that this server does not answer for')
}
