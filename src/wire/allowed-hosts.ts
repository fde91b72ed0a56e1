// Under which names this server may be asked: a page that brings the server its own name (DNS rebinding) is told that it is wrong here. Pure.
import type { IncomingMessage } from 'node:http'
import { StoreError } from '../contract/errors.js'

/** A name that only the machine itself gives its own loopback address; no page of elsewhere can have it. */
function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
}

/** Whether whoever listens at this address can be reached from its own machine only. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || isLoopback(address.toLowerCase())
}

/** Without its port and the dot of the root; undefined when it is no host. */
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
}

export class AllowedHosts {
  private readonly names: ReadonlySet<string>

  /** Any name is good where none is listed, unless only loopback names are. */
  constructor(
    listed: readonly string[],
    private readonly onlyLoopback: boolean,
  ) {
    this.names = new Set(listed.map(name => name.toLowerCase()))
  }

  /** A development server gives its token to whoever reaches its loopback address, so that must be somebody on its machine. */
  static of({ env, host, allowedHosts }: Listening): AllowedHosts {
    return new AllowedHosts(allowedHosts, env === 'development' && isLoopbackAddress(host))
  }

  /** Of a Host header. Browsers always send one, so a request without it comes from no page. */
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

  /** Of an Origin header, beside a Host that is permitted: a page of this very host, or of one that is listed. */
  permitsOrigin(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined) return true
    if (!URL.canParse(origin)) return false
    const { host: from, hostname, protocol } = new URL(origin)
    return from === asInOrigin(host, protocol) || this.names.has(hostname)
  }
}

/** What is sent is not repeated: it may be meant for another. */
function wrongHost(): StoreError {
  return new StoreError('WRONG_HOST', 'The Host header names a host that this server does not answer for')
}
