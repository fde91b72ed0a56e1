// Measures replays and snapshots beside the machine's own floor: npm run bench:replay [-- --events 1e6 --rounds 5 --only replay,memory --dir bench/.data --keep].
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadNow, machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'
import { removeStore } from './engine/stores.js'
import { memoryBench } from './replay/memory-bench.js'
import { replayBench } from './replay/replay-bench.js'
import { buildReplayStore } from './replay/replay-store.js'

/** A replay of more takes minutes and says the same; only its memory is looked at. */
const TIMED_EVENTS_MAX = 1e6

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1e6' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: 'replay,memory' },
    dir: { type: 'string', default: 'bench/.data' },
    keep: { type: 'boolean', default: false },
  },
})
const [events, rounds] = [Number(values.events), Math.max(3, Number(values.rounds))]
if (!(events >= 1e5)) throw new Error('--events takes a number from 1e5 on')

mkdirSync(values.dir, { recursive: true })
const machine = machineFacts(values.dir)
const report = new Report(machine)
const { cpu, cores, kernel, fileSystem, node } = machine
process.stdout.write(`${cpu}, ${cores} cores, ${kernel}, ${fileSystem}, Node ${node}, load ${loadNow()}\n`)
const built = new Set<string>()
const store = async (size: number) => {
  const directory = join(values.dir, `replay-${size}`)
  if (!built.has(directory)) await buildReplayStore(directory, size)
  built.add(directory)
  return directory
}
const parts = values.only.split(',')
if (parts.includes('replay')) {
  const timed = Math.min(events, TIMED_EVENTS_MAX)
  await replayBench(report, { directory: await store(timed), events: timed, rounds })
  report.note(`load after the replays: ${loadNow()}`)
}
if (parts.includes('memory')) {
  await memoryBench(report, await store(events), events)
  report.note(`load after the memory: ${loadNow()}`)
}
if (!values.keep) for (const directory of built) removeStore(directory)
report.finish('replay', events === 1e6 && parts.length === 2 ? [] : [...parts, String(events)])
