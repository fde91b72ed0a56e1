// Probes and metrics while the server is under full load: what an orchestrator would see.
import { makeEvents } from '../engine/workload.js'
import type { HttpBench } from './bench.js'
import { load } from './load.js'

const PATHS = ['/livez', '/readyz', '/health', '/metrics']

export async function probeBench({ report, lighthouse, authorization, seconds }: HttpBench): Promise<void> {
  report.heading('Probes under the load of 64 appending connections: p99')
  const bodies = makeEvents({ count: 1_000 }).map(event => JSON.stringify(event))
  const headers = { authorization, 'content-type': 'application/json' }
  for (const path of PATHS) {
    const appends = load({
      url: `${lighthouse.url}/v1/events`,
      method: 'POST',
      headers,
      bodies,
      connections: 64,
      seconds: seconds + 1,
    })
    const { p50, p99 } = await load({ url: `${lighthouse.url}${path}`, connections: 1, seconds })
    const { perSecond } = await appends
    report.add({
      group: 'probes',
      what: path,
      unit: 'ms',
      store: [p99],
      targets: [{ of: 'store', atMost: 20 }],
      detail: { 'p50 ms': p50, 'appends/s meanwhile': perSecond },
    })
  }
}
