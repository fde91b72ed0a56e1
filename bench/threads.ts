// What threads bring: npm run bench:threads [-- --threads 1,2,4 --workloads single,batch,page,live --rounds 5 --seconds 4 --ceiling single=N,batch=N]. The load comes from a process of its own; --ceiling says what the writer does at most, for the projection.
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { median } from './engine/figures.js'
import { loadNow, machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'
import { tokenFor } from './http/servers.js'
import { LoadProcess, measure, type Round } from './threads/measure.js'
import { allowedGain, type Costs, ceilingsOf, projectedRate } from './threads/projection.js'
import { measureStarts, type Start } from './threads/starts.js'
import { DESCRIBED, WORKLOADS, type Workload } from './threads/workloads.js'

const PROJECTED_CORES = [4, 8, 16]

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '1,2,4' },
    workloads: { type: 'string', default: WORKLOADS.join(',') },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    ceiling: { type: 'string', default: '' },
    dir: { type: 'string', default: 'bench/.data' },
  },
})
const workloads = values.workloads.split(',') as Workload[]
const unknown = workloads.filter(name => !WORKLOADS.includes(name))
if (unknown.length > 0) throw new Error(`--workloads takes ${WORKLOADS.join(', ')}, not ${unknown.join(', ')}`)
const threads = values.threads.split(',').map(Number)
if (!threads.every(count => Number.isInteger(count) && count >= 1)) throw new Error('--threads takes numbers from 1')
const ceilings = ceilingsOf(values.ceiling, WORKLOADS)

mkdirSync(values.dir, { recursive: true })
const machine = machineFacts(values.dir)
const report = new Report(machine)
const { cpu, cores, kernel, fileSystem, node } = machine
process.stdout.write(`${cpu}, ${cores} cores, ${kernel}, ${fileSystem}, Node ${node}, load ${loadNow()}\n`)
const setup = {
  threads,
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  directory: values.dir,
  authorization: `Bearer ${await tokenFor('bench')}`,
}
const load = await LoadProcess.start()
try {
  for (const workload of workloads) {
    report.heading(`${workload}: ${DESCRIBED[workload]}`)
    tell(workload, await measure(setup, workload, load))
    report.note(`load after ${workload}: ${loadNow()}`)
  }
} finally {
  await load.stop()
}
if (workloads.length === WORKLOADS.length) tellStarts(await measureStarts(setup))
report.finish('threads', workloads.length === WORKLOADS.length ? [] : workloads)

/** A server of several threads has one more, which writes. */
function tellStarts(starts: ReadonlyMap<number, readonly Start[]>): void {
  const [one] = starts.values()
  for (const [count, all] of starts) {
    report.add({ group: 'start', what: `ready, ${named(count)}`, unit: 'ms', store: all.map(({ ms }) => ms) })
    report.add({
      group: 'start',
      what: `resident, ${named(count)}`,
      unit: 'MB',
      store: all.map(({ residentMb }) => residentMb),
      ...(count === 1 || one === undefined
        ? {}
        : { detail: { 'each thread more': (middleMb(all) - middleMb(one)) / count } }),
    })
  }
}

function middleMb(starts: readonly Start[]): number {
  return median(starts.map(({ residentMb }) => residentMb))
}

function tell(workload: Workload, measured: ReadonlyMap<number, readonly Round[]>): void {
  for (const [count, rounds] of measured) {
    const { main, workers, helpers, client } = costsOf(rounds)
    const middle = (part: 'mainBusy' | 'workerBusy' | 'p50' | 'p99') => median(rounds.map(round => round[part]))
    report.add({
      group: workload,
      what: `${workload}, ${named(count)}`,
      unit: 'events/s',
      store: rounds.map(({ perSecond }) => perSecond),
      detail: {
        'main µs': main,
        'workers µs': workers,
        'helpers µs': helpers,
        'client µs': client,
        'main busy': middle('mainBusy'),
        'busiest worker busy': middle('workerBusy'),
        'p50 ms': middle('p50'),
        'p99 ms': middle('p99'),
      },
    })
  }
  const one = measured.get(1)
  if (one !== undefined) tellGain(workload, one, measured)
  for (const [count, rounds] of measured) if (count > 1) tellProjection(workload, count, costsOf(rounds))
}

/** Beside what the cores of this machine allow, the client on them too. */
function tellGain(workload: Workload, one: readonly Round[], measured: ReadonlyMap<number, readonly Round[]>): void {
  const allowed = allowedGain(cores, costsOf(one))
  report.note(`${workload}: ${cores} cores allow ${allowed.toFixed(2)} times the rate of one thread`)
  for (const [count, rounds] of measured) {
    if (count === 1) continue
    const gains = rounds.map(({ perSecond }, round) => perSecond / (one[round] as Round).perSecond)
    report.add({
      group: `${workload}: gain`,
      what: `${workload}, ${named(count)}, beside one`,
      unit: '×',
      store: gains,
      detail: { [`${cores} cores allow`]: allowed, 'share reached': median(gains) / allowed },
    })
  }
}

function tellProjection(workload: Workload, count: number, costs: Costs): void {
  const ceiling = ceilings.get(workload) ?? 1e6 / costs.main
  for (const on of PROJECTED_CORES) {
    report.add({
      group: `${workload}: projected`,
      what: `${workload}, ${on} cores for the server, by ${named(count)}`,
      unit: 'events/s',
      store: [projectedRate(on, costs, ceiling)],
      detail: { 'ceiling of the writer': ceiling },
    })
  }
}

function costsOf(rounds: readonly Round[]): Costs {
  const middle = (part: keyof Costs) => median(rounds.map(round => round[part]))
  return { main: middle('main'), workers: middle('workers'), helpers: middle('helpers'), client: middle('client') }
}

function named(count: number): string {
  return count === 1 ? 'one thread' : `${count} threads`
}
