// What a backup takes beside a plain copy, and what it costs the appends that go on meanwhile: npm run bench:backup -- --gb 1.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { appendFor, BatchSource, type LoopResult } from './engine/append-loop.js'
import { alternate, percentiles } from './engine/figures.js'
import { machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'
import { buildStore, bytesOf, openStore, removeStore } from './engine/stores.js'
import { makeEvents } from './engine/workload.js'

const MEAN_EVENT_BYTES = 1_250
const WINDOW_MS = 5_000

const { values } = parseArgs({
  options: {
    gb: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string', default: 'bench/.data' },
  },
})
const rounds = Number(values.rounds)
const place = join(values.dir, `backup-${process.pid}`)
const data = join(place, 'data')
const report = new Report(machineFacts(values.dir))

try {
  await buildStore({ directory: data, events: Math.round((Number(values.gb) * 1e9) / MEAN_EVENT_BYTES) })
  await speed()
  await cost()
  report.finish('backup')
} finally {
  removeStore(place)
}

/** Of the whole command, the start of its process included; `cp` is followed by a sync of what it wrote. */
async function speed(): Promise<void> {
  const megabytes = bytesOf(join(data, 'segments'), '.log') / 1e6
  const rate = async (work: (to: string) => Promise<void>) => {
    const to = join(place, 'copy')
    const started = performance.now()
    await work(to)
    const seconds = (performance.now() - started) / 1000
    removeStore(to)
    return megabytes / seconds
  }
  report.heading(`Copying ${megabytes.toFixed(0)} MB`)
  const sides = await alternate<number, Record<'backup' | 'copy', () => Promise<number>>>(rounds, {
    backup: () => rate(to => lighthouse('backup', data, to)),
    copy: () =>
      rate(async to => {
        run('cp', '-r', join(data, 'segments'), to)
        run('sync', '-f', to)
      }),
  })
  report.add({
    group: 'backup',
    what: 'first backup; floor: cp and sync',
    unit: 'MB/s',
    store: sides.backup,
    floor: sides.copy,
  })
  const kept = join(place, 'kept')
  await lighthouse('backup', data, kept)
  const again = await alternate<number, Record<'again', () => Promise<number>>>(rounds, {
    again: () => seconds(() => lighthouse('backup', data, kept)),
  })
  report.add({ group: 'backup', what: 'a second one, nothing new', unit: 's', store: again.again })
  const restored = await alternate<number, Record<'restore', () => Promise<number>>>(rounds, {
    restore: () => rate(to => lighthouse('restore', kept, to)),
  })
  report.add({ group: 'backup', what: 'restore', unit: 'MB/s', store: restored.restore, floor: sides.copy })
  removeStore(kept)
}

/** Full backups, one behind the other, while the store is appended to. */
async function cost(): Promise<void> {
  const store = await openStore(data)
  try {
    for (const shape of [
      { writers: 16, batch: 1 },
      { writers: 16, batch: 10 },
    ]) {
      const source = new BatchSource(makeEvents({ count: 4_000 }), shape.batch)
      const append = () => appendFor(store, source, shape, WINDOW_MS)
      const loops = { alone: append, beside: () => besideBackups(append) }
      const { beside, alone } = await alternate<LoopResult, typeof loops>(rounds, loops)
      const what = `${shape.writers} writers, batches of ${shape.batch}`
      report.heading(`Appends beside backups without a pause; floor: alone; ${what}`)
      const of = (results: readonly LoopResult[], figure: (result: LoopResult) => number) => results.map(figure)
      const perSecond = ({ events, seconds }: LoopResult) => events / seconds
      report.add({ group: 'appends', what, unit: '1/s', store: of(beside, perSecond), floor: of(alone, perSecond) })
      for (const name of ['p50', 'p99'] as const) {
        const latency = ({ latencies }: LoopResult) => percentiles(latencies)[name]
        report.add({ group: 'appends', what: name, unit: 'ms', store: of(beside, latency), floor: of(alone, latency) })
      }
    }
  } finally {
    await store.close()
  }
}

async function besideBackups(append: () => Promise<LoopResult>): Promise<LoopResult> {
  let going = true
  const backups = (async () => {
    while (going) {
      const to = join(place, 'beside')
      await lighthouse('backup', data, to)
      removeStore(to)
    }
  })()
  try {
    return await append()
  } finally {
    going = false
    await backups
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

async function lighthouse(...args: string[]): Promise<void> {
  const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
  const [code] = await once(
    spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'inherit'] }),
    'exit',
  )
  if (code !== 0) throw new Error(`lighthouse ${args.join(' ')} ended with ${code}`)
}

function run(command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ended with ${status}`)
}
