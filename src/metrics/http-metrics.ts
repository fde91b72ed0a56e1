// Measures every answer under its declared route, because paths as sent would make an unbounded number of series.
import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.js'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export class HttpMetrics {
  /** Series are cached, because looking one up by three labels costs more than everything else here. */
  private readonly series = new Map<string, { observe(seconds: number): void }>()

  constructor(private readonly metrics: Metrics) {}

  register(fastify: FastifyInstance): void {
    this.metrics.gauge('active_connections', 'Open connections.', () => connectionsOf(fastify))
    fastify.addHook('onResponse', (request, reply, done) => {
      this.of(request.method, request.routeOptions.url, reply.statusCode).observe(reply.elapsedTime / 1000)
      done()
    })
  }

  private of(given: string, url: string | undefined, code: number): { observe(seconds: number): void } {
    const name = `${given} ${code} ${url}`
    const held = this.series.get(name)
    if (held !== undefined) return held
    const [method, route, status] = [METHODS.has(given) ? given : 'other', url ?? 'none', String(code)]
    const made = this.metrics.httpDuration.labels({ method, route, status })
    // A method that is not known is not cached, so that no client can make the cache grow.
    if (METHODS.has(given)) this.series.set(name, made)
    return made
  }
}

function connectionsOf(fastify: FastifyInstance): Promise<number> {
  return new Promise(resolve => fastify.server.getConnections((error, count) => resolve(error === null ? count : 0)))
}
