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

/** V8 makes room for what is young as it sees fit, which says nothing of what a replay holds. */
const FIXED_YOUNG = ['--min-semi-space-size=8', '--max-semi-space-size=8']

/** The C library gives each thread that reads an arena of its own and seldom gives any of it back. */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' }

export async function memoryBench(report: Report, directory: string, events: number): Promise<void> {
  report.heading(
    'Memory of a replay: the heap beyond what it held after 10,000 events; resident, Node and code included',
  )
  for (const size of sizesUpTo(events)) {
    const what = `replay of ${size.toLocaleString('en-US')}`
    const free = await runs(directory, size)
    const fixed = await runs(directory, size, FIXED_YOUNG)
    const single = await runs(directory, size, FIXED_YOUNG, ONE_ARENA)
    const resident = (of: readonly Held[]) => median(of.map(one => one.residentPeakBytes / MIB))
    const growth = (of: readonly Held[]) => median(of.map(one => one.residentGrowthBytes / MIB))
    report.add({
      group: 'memory',
      what: `${what}: heap after collection, growth`,
      unit: 'MB',
      store: [...free, ...fixed].map(one => one.heapGrowthBytes / MIB),
      targets: [{ of: 'store', atMost: FLAT_MB }],
    })
    report.add({
      group: 'memory',
      what: `${what}: resident, beyond a tenth of it`,
      unit: 'MB',
      store: fixed.map(one => one.residentGrowthBytes / MIB),
      targets: [{ of: 'store', atMost: FLAT_MB }],
      detail: {
        'peak, young heap fixed': resident(fixed),
        'peak, as V8 sees fit': resident(free),
        'growth, as V8 sees fit': growth(free),
      },
    })
    report.add({
      group: 'memory',
      what: `${what}: resident, beyond a tenth of it, one arena`,
      unit: 'MB',
      store: single.map(one => one.residentGrowthBytes / MIB),
      targets: [{ of: 'store', atMost: FLAT_MB }],
      detail: { peak: resident(single) },
    })
  }
}

async function runs(
  directory: string,
  events: number,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Held[]> {
  const all: Held[] = []
  for (let run = 0; run < RUNS; run++) all.push(await held([directory, String(events)], flags, env))
  return all
}

function held(
  asked: readonly string[],
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Held> {
  const script = fileURLToPath(new URL('memory-child.ts', import.meta.url))
  const typescript = fileURLToPath(new URL('../../scripts/typescript.mjs', import.meta.url))
  const args = [...flags, '--expose-gc', '--import', typescript, script, ...asked]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.on('close', code => {
      if (code === 0) resolve(JSON.parse(output) as Held)
      else reject(new Error(`the replay of ${asked[1]} events failed with exit code ${code}`))
    })
  })
}
