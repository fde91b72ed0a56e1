// A front thread as far as its metrics go: it counts what it is told to, and answers the writer for as long as it lives.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { FrontMetrics } from '../../src/metrics/front-metrics.js'
import { ThreadCalls } from '../../src/threads/thread-calls.js'
import { metricsUnderTest } from './metrics-under-test.js'

export interface CountingThreadData {
  readonly port: MessagePort
}

/** What the thread does once: events that it stores, and connections that it says are open. */
export interface Counting {
  readonly agentId: string
  readonly types: readonly string[]
  readonly connections: number
}

const { port } = workerData as CountingThreadData
const metrics = await metricsUnderTest()
let open = 0
metrics.gauge('active_connections', 'Open connections.', () => open)
new FrontMetrics(metrics).serve(new ThreadCalls(port))

parentPort?.on('message', ({ agentId, types, connections }: Counting) => {
  const events = types.map(type => ({ type, stream: 's', data: {} }))
  metrics.appended.stored(agentId, events)
  metrics.appends.observe(0.003)
  metrics.eventsRead.inc(events.length)
  metrics.httpDuration.series({ method: 'POST', route: '/v1/events', status: '201' }).observe(0.004)
  open = connections
  parentPort?.postMessage('counted')
})
parentPort?.postMessage('ready')
