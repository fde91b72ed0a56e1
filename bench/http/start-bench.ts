// From spawning the server on an empty store to its first ready answer, and what it then holds in memory.
import type { HttpBench } from './bench.js'
import { residentOf, startLighthouse } from './servers.js'

export async function startBench({ report, directory, rounds }: HttpBench): Promise<void> {
  report.heading('Start on an empty store')
  const readyMs: number[] = []
  const resident: number[] = []
  for (let round = 0; round < rounds; round++) {
    const server = await startLighthouse({ directory, port: 18_767 })
    readyMs.push(server.readyMs)
    resident.push((residentOf(server) ?? Number.NaN) / 1e6)
    await server.stop()
  }
  report.add({
    group: 'start',
    what: 'start to ready',
    unit: 'ms',
    store: readyMs,
    targets: [{ of: 'store', atMost: 1_500 }],
  })
  report.add({
    group: 'start',
    what: 'resident then',
    unit: 'MB',
    store: resident,
    targets: [{ of: 'store', atMost: 150 }],
  })
}
