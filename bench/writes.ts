// The measurement behind the write path: npm run bench:writes [-- --writes 100 --rounds 5 --dir bench/.data]. Every way to make bytes durable, taking turns.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { percentile, percentiles } from './engine/figures.js'
import { machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'
import { openWriters, type Writer } from './writes/writers.js'

const SIZES = [1_200, 4_096, 65_536, 262_144] as const
/** What the others are compared with: the plainest way on the file the store has. */
const PLAIN = 'pre-sized, writeSync + fdatasyncSync'

const { values } = parseArgs({
  options: {
    writes: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    dir: { type: 'string', default: 'bench/.data' },
  },
})
const writes = Number(values.writes)
const rounds = Math.max(5, Number(values.rounds))
mkdirSync(values.dir, { recursive: true })
const report = new Report(machineFacts(values.dir))
for (const bytes of SIZES) await measure(bytes)
report.finish('writes')

async function measure(bytes: number): Promise<void> {
  const folder = join(values.dir, 'writes')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const writers = await openWriters(folder, bytes, writes * (rounds + 1))
  const latencies = new Map(writers.map(writer => [writer.name, [] as number[][]]))
  for (let round = 0; round <= rounds; round++) {
    for (const writer of round % 2 === 0 ? writers : writers.toReversed()) {
      const taken = await times(writer)
      if (round > 0) latencies.get(writer.name)?.push(taken)
    }
  }
  for (const writer of writers) await writer.close()
  rmSync(folder, { recursive: true, force: true })
  const p50 = (name: string) => (latencies.get(name) ?? []).map(round => percentile(round, 0.5))
  report.heading(`Durable writes of ${bytes.toLocaleString('en-US')} bytes, median latency`)
  for (const { name } of writers) {
    const { p95, p99 } = percentiles((latencies.get(name) ?? []).flat())
    const base = {
      group: `${bytes} bytes`,
      what: name,
      unit: 'ms',
      store: p50(name),
      detail: { 'p95 ms': p95, 'p99 ms': p99 },
    }
    report.add(name === PLAIN ? base : { ...base, floor: p50(PLAIN) })
  }
}

async function times({ write }: Writer): Promise<number[]> {
  const latencies: number[] = []
  for (let count = 0; count < writes; count++) {
    const started = performance.now()
    await write()
    latencies.push(performance.now() - started)
  }
  return latencies
}
