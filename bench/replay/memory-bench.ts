// What a replay holds in memory, however long it is: each in a process of its own.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from '../engine/figures.js'
import { sizesUpTo } from '../engine/open-bench.js'
import type { Report } from '../engine/report.js'
import type { Held } from './memory-child.js'

const RUNS = 3
const MIB = 1024 * 1024
const FLAT_MB = 10

export async function memoryBench(report: Report, directory: string, events: number): Promise<void> {
  report.heading(
    `Memory of a replay, growth over what it held after a tenth of ${(1e5).toLocaleString('en-US')} events`,
  )
  const peaks: number[] = []
  for (const size of sizesUpTo(events)) {
    const runs: Held[] = []
    for (let run = 0; run < RUNS; run++) runs.push(await held(directory, size))
    const count = size.toLocaleString('en-US')
    const heap = runs.map(one => one.heapGrowthBytes / MIB)
    const resident = runs.map(one => one.residentPeakBytes / MIB)
    peaks.push(median(resident))
    report.add({
      ...{ group: 'memory', what: `replay of ${count}: heap after collection, growth`, unit: 'MB', store: heap },
      targets: [{ of: 'store', atMost: FLAT_MB }],
    })
    report.add({ group: 'memory', what: `replay of ${count}: resident, peak`, unit: 'MB', store: resident })
  }
  const growth = (peaks.at(-1) as number) - (peaks[0] as number)
  report.add({
    ...{ group: 'memory', what: 'resident peak, smallest to largest', unit: 'MB', store: [growth] },
    targets: [{ of: 'store', atMost: FLAT_MB }],
  })
}

function held(directory: string, events: number): Promise<Held> {
  const script = fileURLToPath(new URL('memory-child.ts', import.meta.url))
  const typescript = fileURLToPath(new URL('../../scripts/typescript.mjs', import.meta.url))
  const args = ['--expose-gc', '--import', typescript, script, directory, String(events)]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.on('close', code => {
      if (code === 0) resolve(JSON.parse(output) as Held)
      else reject(new Error(`the replay of ${events} events failed with exit code ${code}`))
    })
  })
}
