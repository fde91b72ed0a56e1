// What is said to requests that no route answers: which methods the path takes, or how it may have been meant.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The path is another thread's, and no pattern of this one takes it. */
    isElsewhere?: boolean
  }
}

/** The path of a WebSocket is known to the adapter that opens it, and to no route. */
export type IsSocketPath = (path: string) => boolean

const PARAMETER = /:(\w+)/g

interface Gap {
  readonly allowed: readonly string[]
  readonly isElsewhere: boolean
}

/** A pattern with one parameter, as what stands around it. */
interface OpenPath {
  readonly shown: string
  readonly parameter: string
  readonly before: string
  readonly behind: string
}

export class UnansweredPaths {
  /** Methods by the pattern of the path, of all routes there are. */
  private readonly methods = new Map<string, Set<string>>()
  /** Paths whose other methods are refused by routes of their own, which do not count as methods that are taken. */
  private readonly closed = new Map<string, readonly string[]>()

  constructor(
    private readonly fastify: FastifyInstance,
    private readonly isSocketPath: IsSocketPath,
    /** Paths without parameters that another thread answers, whatever this one has for the same path. */
    private readonly elsewhere: readonly string[] = [],
  ) {
    fastify.addHook('onRoute', ({ url, method }) => {
      const known = this.methods.get(url) ?? new Set()
      this.methods.set(url, known)
      for (const one of [method].flat()) known.add(one)
    })
  }

  /**
   * `GET /v1/events/query` would be taken for the event `query`, so a path without parameters answers the methods that
   * a path with one would take from it. To be called when all routes are there.
   */
  closeGaps(): void {
    const elsewhere = new Set(this.elsewhere)
    for (const url of new Set([...this.plainPaths(), ...elsewhere])) {
      const known = this.methods.get(url) ?? new Set()
      const allowed = [...known].sort()
      const taken = this.methodsOf(url).filter(method => !known.has(method))
      for (const method of taken) this.refuse(method, url, { allowed, isElsewhere: elsewhere.has(url) })
      if (taken.length > 0) this.closed.set(url, allowed)
    }
  }

  /** Of all routes there are. */
  plainPaths(): string[] {
    return [...this.methods.keys()].filter(url => !url.includes(':'))
  }

  private refuse(method: string, url: string, { allowed, isElsewhere }: Gap): void {
    const handler = (request: FastifyRequest, reply: FastifyReply) => {
      throw refusedMethod(request, reply, allowed)
    }
    const config = isElsewhere ? { isElsewhere } : {}
    this.fastify.route({ method: method as 'GET', url, exposeHeadRoute: false, config, handler })
  }

  refusalOf(request: FastifyRequest, reply: FastifyReply): StoreError {
    const [path = '/'] = request.url.split('?')
    if (this.isSocketPath(path)) return refusedPlain(request, reply)
    const allowed = this.closed.get(path) ?? this.methodsOf(request.url)
    if (allowed.length > 0) return refusedMethod(request, reply, allowed)
    return new StoreError('NOT_FOUND', `There is no such path${this.hintFor(path)}`)
  }

  private methodsOf(url: string): string[] {
    return this.fastify.supportedMethods.filter(method => this.takes(method, url)).sort()
  }

  /** The router lets a parameter be empty, and a route does not. */
  private takes(method: string, url: string): boolean {
    const found = this.fastify.findRoute({ url, method })
    return found !== null && !Object.values(found.params).includes('')
  }

  private hintFor(path: string): string {
    if (path.length > 1 && path.endsWith('/') && this.methodsOf(path.slice(0, -1)).length > 0)
      return ': leave out the slash at its end'
    const meant = this.meantBy(path)
    if (meant === undefined) return ''
    return `; if it is meant to be ${meant.shown} with a slash in the ${meant.parameter}, write that slash as %2F`
  }

  /** The pattern that would fit if its parameter might hold slashes; of several the one that says most. */
  private meantBy(path: string): OpenPath | undefined {
    const fits = [...this.methods.keys()].flatMap(openPathsOf).filter(({ before, behind }) => {
      const room = path.length - before.length - behind.length
      return room > 0 && path.startsWith(before) && path.endsWith(behind)
    })
    return fits.sort((a, b) => b.shown.length - a.shown.length)[0]
  }
}

function openPathsOf(url: string): OpenPath[] {
  const found = [...url.matchAll(PARAMETER)]
  const [only] = found
  if (only === undefined || found.length > 1) return []
  const [text, parameter = ''] = only
  const [before = '', behind = ''] = url.split(text)
  return [{ shown: url.replace(text, `{${parameter}}`), parameter, before, behind }]
}

function refusedMethod({ method }: FastifyRequest, reply: FastifyReply, allowed: readonly string[]): StoreError {
  void reply.header('allow', allowed.join(', '))
  return new StoreError('METHOD_NOT_ALLOWED', `${method} is not taken here, but ${listed(allowed)}`)
}

function refusedPlain(request: FastifyRequest, reply: FastifyReply): StoreError {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusedMethod(request, reply, ['GET'])
  void reply.headers({ upgrade: 'websocket', connection: 'Upgrade' })
  return new StoreError('UPGRADE_REQUIRED', 'This path is a WebSocket, and the request does not ask for one')
}

function listed(items: readonly string[]): string {
  const last = items.at(-1) as string
  return items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}
