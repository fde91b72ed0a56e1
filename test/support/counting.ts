// What a front thread counts when it does what a test says.
import type { Metrics } from '../../src/metrics/metrics.js'

/** Events that are stored and read, one request, and connections that are open from then on. */
export interface Counting {
  readonly agentId: string
  readonly types: readonly string[]
  readonly connections: number
}

/** Once for each server. */
export function count(metrics: Metrics, { agentId, types, connections }: Counting): void {
  const events = types.map(type => ({ type, stream: 's', data: {} }))
  metrics.appended.stored(agentId, events)
  metrics.appends.observe(0.003)
  metrics.eventsRead.inc(events.length)
  metrics.httpDuration.series({ method: 'POST', route: '/v1/events', status: '201' }).observe(0.004)
  metrics.gauge('active_connections', 'Open connections.', () => connections)
}
