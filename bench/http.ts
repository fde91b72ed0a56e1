// Measures the server over HTTP beside a bare Fastify and bare work in the same run: npm run bench:http [-- --only append,storing,batch,read,probes,start,layers --rounds N --seconds S].
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadNow, machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'
import { batchBench, singleBench, storingBench } from './http/append-bench.js'
import type { HttpBench } from './http/bench.js'
import { layersBench } from './http/layers-bench.js'
import { probeBench } from './http/probe-bench.js'
import { readBench } from './http/read-bench.js'
import { startBare, startLighthouse, tokenFor } from './http/servers.js'
import { startBench } from './http/start-bench.js'

const BENCHES: Readonly<Record<string, (bench: HttpBench) => Promise<void>>> = {
  append: singleBench,
  storing: storingBench,
  batch: batchBench,
  read: readBench,
  probes: probeBench,
  start: startBench,
  layers: layersBench,
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(BENCHES).join(',') },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    dir: { type: 'string', default: 'bench/.data' },
  },
})
const parts = values.only.split(',')
const unknown = parts.filter(name => !Object.hasOwn(BENCHES, name))
if (unknown.length > 0) throw new Error(`--only takes ${Object.keys(BENCHES).join(', ')}, not ${unknown.join(', ')}`)

mkdirSync(values.dir, { recursive: true })
const machine = machineFacts(values.dir)
const report = new Report(machine)
const { cpu, cores, kernel, fileSystem, node } = machine
process.stdout.write(`${cpu}, ${cores} cores, ${kernel}, ${fileSystem}, Node ${node}, load ${loadNow()}\n`)
const lighthouse = await startLighthouse({ directory: values.dir, port: 18_765 })
const bare = await startBare(18_766)
try {
  const authorization = `Bearer ${await tokenFor('bench')}`
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  const bench = { report, lighthouse, bare, authorization, rounds, seconds, directory: values.dir }
  for (const name of parts) {
    await BENCHES[name]?.(bench)
    report.note(`load after ${name}: ${loadNow()}`)
  }
} finally {
  await Promise.all([lighthouse.stop(), bare.stop()])
}
report.finish('http', parts.length === Object.keys(BENCHES).length ? [] : parts)
