// What it costs a server to be observed, in CPU for each append, pair by pair: npm run bench:observability -- [--pairs 20 --turns 8 --seconds 1 --connections 64 --rows all,metrics,business,log,traces,alerting,nothing --out FILE].
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { median } from './engine/figures.js'
import { loadNow, machineFacts } from './engine/machine.js'
import { Receiving } from './observability/receiving.js'
import { observabilityRows } from './observability/rows.js'
import type { Interval } from './pairs/comparison.js'
import { measureRow, type RowResult } from './pairs/measure-row.js'
import { openSide } from './pairs/side.js'

/** Being observed may cost an append so much of its CPU, at the upper end of the interval. */
const MOST = 1.02

/** Until the code that observes is compiled as well. */
const WARMING_SECONDS = 4

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '20' },
    turns: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
    rows: { type: 'string', default: 'all' },
    dir: { type: 'string', default: 'bench/.data' },
    out: { type: 'string' },
  },
})

process.exitCode = await run()

async function run(): Promise<number> {
  const [pairs, turns] = [Number(values.pairs), Number(values.turns)]
  const [seconds, connections] = [Number(values.seconds), Number(values.connections)]
  if (!(pairs >= 2) || !(turns >= 1) || !(seconds > 0) || !(connections >= 1))
    throw new Error('--pairs takes 2 or more, --seconds more than 0, --turns and --connections 1 or more')
  mkdirSync(values.dir, { recursive: true })
  const directory = mkdtempSync(resolve(values.dir, 'observability-'))
  const receiver = await Receiving.start()
  try {
    const known = observabilityRows(receiver.url, connections)
    const names = values.rows.split(',')
    const unknown = names.filter(name => !known.some(row => row.name === name))
    if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(', ')}`)
    const off = await openSide('before', '.')
    const sides = [off, { ...off, name: 'after' }] as const
    const machine = machineFacts(values.dir)
    process.stdout.write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${loadNow()}\n`)
    process.stdout.write(
      `${off.commit}; ${pairs} pairs of ${turns} turns of ${seconds} s, ${connections} connections\n`,
    )
    process.stdout.write('above 1: the observed server takes more; [95 % interval]\n\n')
    const rows = []
    for (const row of known.filter(({ name }) => names.includes(name)))
      rows.push({
        ...told(await measureRow(row, { sides, pairs, turns, seconds, directory, warmingSeconds: WARMING_SECONDS })),
        came: await receiver.came(),
      })
    const context = { machine, at: new Date().toISOString(), commit: off.commit, pairs, turns, seconds, connections }
    write(off.commit, { ...context, most: MOST, rows })
    const [all] = rows.filter(({ name }) => name === 'all')
    return all === undefined || (all.cpu !== undefined && all.cpu.high <= MOST) ? 0 : 1
  } finally {
    await receiver.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

function told(result: RowResult): RowResult {
  const { name, before, after, cpu, cpuRatios, cpuMicros, load } = result
  const processor =
    cpu === undefined
      ? 'CPU unknown'
      : `CPU for each append ${rangeOf(cpu)}, median ${median(cpuRatios ?? []).toFixed(3)}`
  process.stdout.write(
    `${name.padEnd(10)} ${processor} (${cpuMicros?.map(Math.round).join(' → ')} µs)  ${Math.round(before)} → ${Math.round(after)} appends/s, load ${load}\n`,
  )
  return result
}

function rangeOf({ ratio, low, high }: Interval): string {
  return `${ratio.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
}

function write(commit: string, results: object): void {
  const out = values.out ?? `bench/results/observability-${commit}.json`
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, `${JSON.stringify(results, null, 2)}\n`)
  process.stdout.write(`\nwritten to ${out}\n`)
}
