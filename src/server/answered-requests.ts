// Measures and logs every answer, under its declared route: paths as sent would make an unbounded number of series.
import type { FastifyInstance } from 'fastify'
import { PerRoute } from '../auth/per-route.js'
import { routeKey } from '../auth/route-needs.guard.js'
import type { AccessLine, AccessLog } from '../logging/access-log.js'
import { type ActionCount, AdminActions } from '../metrics/admin-actions.js'
import type { DurationSeries } from '../metrics/duration-histogram.js'
import type { Metrics } from '../metrics/metrics.js'
import { knownTraceOf } from '../wire/trace-context.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Another thread answers it. */
    isRelayed?: boolean
  }
}

/** What is done for the answers of one route with one status. */
interface Answers {
  readonly durations: DurationSeries | undefined
  readonly line: AccessLine | undefined
  /** Of an admin's action. */
  readonly action: ActionCount | undefined
}

/** Probes come every few seconds, so at level info their lines would bury the others. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/livez', '/readyz'])

export class AnsweredRequests {
  private readonly routes = new PerRoute((method, path) => ({ method, path, byStatus: new Map<number, Answers>() }))
  private readonly actions: AdminActions

  constructor(
    private readonly metrics: Metrics,
    private readonly log: AccessLog,
    private readonly adminRoutes: ReadonlyMap<string, string>,
    private readonly measures: boolean,
  ) {
    this.actions = new AdminActions(metrics)
  }

  register(fastify: FastifyInstance): void {
    this.metrics.gauge('active_connections', 'Open connections.', () => connectionsOf(fastify))
    // Then nothing has to be known of an answer.
    if (!this.measures && !this.log.isKept) return
    fastify.addHook('onResponse', (request, reply, done) => {
      if (request.isRelayed === true) return done()
      const ms = reply.elapsedTime
      const { durations, line, action } = this.of(request.method, request.routeOptions.url, reply.statusCode)
      durations?.observe(ms / 1_000)
      if (action !== undefined) action.count++
      if (line !== undefined && (line.isDue() || ms >= this.log.slowMs))
        line.write(request.id, request.access?.agentId, knownTraceOf(request), ms)
      done()
    })
  }

  private of(given: string, url: string | undefined, status: number): Answers {
    const { method, path, byStatus } = this.routes.of(given, url)
    const held = byStatus.get(status)
    if (held !== undefined) return held
    const action = this.adminRoutes.get(routeKey(method, path ?? ''))
    const made = {
      durations: this.measures ? this.durations(method, path, status) : undefined,
      line: this.log.line(PROBES.has(path) ? 'debug' : 'info', {
        operation: `${method} ${path ?? 'unknown'}`,
        status,
        remarkable: action !== undefined,
      }),
      action: action === undefined ? undefined : this.actions.of(action, status),
    }
    byStatus.set(status, made)
    return made
  }

  private durations(method: string, path: string | undefined, status: number): DurationSeries {
    return this.metrics.httpDuration.series({ method, route: path ?? 'none', status: String(status) })
  }
}

function connectionsOf(fastify: FastifyInstance): Promise<number> {
  return new Promise(resolve => fastify.server.getConnections((error, count) => resolve(error === null ? count : 0)))
}
