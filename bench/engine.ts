// Measures the engine beside the machine's own floor: npm run bench:engine [-- --only append,disk,read,scale,open --size 1e6 --seconds 0.5 --rounds 7 --dir bench/.data --keep].
import { mkdirSync } from 'node:fs'
import { appendBench } from './engine/append-bench.js'
import { diskBench } from './engine/disk-bench.js'
import { loadNow, machineFacts } from './engine/machine.js'
import { openBench } from './engine/open-bench.js'
import { readBench } from './engine/read-bench.js'
import { Report } from './engine/report.js'
import { scaleBench } from './engine/scale-bench.js'
import { PARTS, type Part, readSettings, type Settings } from './engine/settings.js'
import { removeBuilt } from './engine/stores.js'

const BENCHES: Readonly<Record<Part, (report: Report, settings: Settings) => Promise<void>>> = {
  append: appendBench,
  read: readBench,
  disk: diskBench,
  scale: scaleBench,
  open: openBench,
}

const settings = readSettings(process.argv.slice(2))
mkdirSync(settings.directory, { recursive: true })
const machine = machineFacts(settings.directory)
const report = new Report(machine)
const { cpu, cores, kernel, fileSystem, node } = machine
process.stdout.write(`${cpu}, ${cores} cores, ${kernel}, ${fileSystem}, Node ${node}, load ${loadNow()}\n`)
for (const part of settings.parts) {
  await BENCHES[part](report, settings)
  report.note(`load after ${part}: ${loadNow()}`)
}
if (!settings.keep) removeBuilt(settings.directory)
report.finish('engine', settings.parts.length === PARTS.length ? [] : settings.parts)
