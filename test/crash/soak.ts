// Any number of kill cycles with a report at the end: `npm run soak -- --cycles 500 --seed 7`. Fails on any violation.
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { KillCycles, quantile } from './kill-cycles.js'

const LONGEST_RESTART_MS = 1_000

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}`)
const soak = new KillCycles(seed)
const began = performance.now()
try {
  await soak.run(Number(values.cycles), line => console.log(line))
  report()
} catch (error) {
  report()
  console.error(`VIOLATION with seed ${seed} in cycle ${soak.figures.cycles}:`, error)
  process.exitCode = 1
}

function report(): void {
  const { restartMs, ...counts } = soak.figures
  const [p50, p99, max] = [0.5, 0.99, 1].map(share => Math.round(quantile(restartMs, share)))
  for (const [name, count] of Object.entries(counts)) console.log(`${name.padEnd(18)} ${count}`)
  console.log(`restarts           ${restartMs.length}: p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms`)
  console.log(`took               ${Math.round((performance.now() - began) / 1_000)} s`)
  if ((max ?? 0) <= LONGEST_RESTART_MS) return
  const [load = 0] = loadavg()
  const cores = availableParallelism()
  if (load > 1.5 * cores) {
    // Minutes of waiting for other people's disk writes say nothing about this store.
    console.log(`not judged         the restarts: the machine is busy (load ${load.toFixed(1)} on ${cores} cores)`)
    return
  }
  console.error(`VIOLATION: a restart took longer than ${LONGEST_RESTART_MS} ms`)
  process.exitCode = 1
}
