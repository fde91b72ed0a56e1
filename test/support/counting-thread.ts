// A front thread as far as its metrics go: it counts what it is told to, and answers the writer for as long as it lives.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { FrontMetrics } from '../../src/metrics/front-metrics.js'
import { ThreadCalls } from '../../src/threads/thread-calls.js'
import { type Counting, count } from './counting.js'
import { metricsUnderTest } from './metrics-under-test.js'

export interface CountingThreadData {
  readonly port: MessagePort
}

const { port } = workerData as CountingThreadData
const metrics = await metricsUnderTest()
new FrontMetrics(metrics).serve(new ThreadCalls(port))

parentPort?.once('message', (counting: Counting) => {
  count(metrics, counting)
  parentPort?.postMessage('counted')
  // Lives on, and answers.
  parentPort?.on('message', () => undefined)
})
parentPort?.postMessage('ready')
