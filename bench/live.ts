// Measures following and appending over the stream, the client in this process and the server in another: npm run bench:live [-- --only latency,fanout,catchup,append,idle,paused --rounds N --seconds S].
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadNow, machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'
import { startBareStream, startLighthouse, tokenFor } from './http/servers.js'
import { appendBench, idleBench } from './live/append-bench.js'
import type { LiveBench } from './live/bench.js'
import { catchUpBench } from './live/catch-up-bench.js'
import { fanOutBench } from './live/fan-out-bench.js'
import { latencyBench, pausedBench } from './live/latency-bench.js'

const BENCHES: Readonly<Record<string, (bench: LiveBench) => Promise<void>>> = {
  latency: latencyBench,
  fanout: fanOutBench,
  catchup: catchUpBench,
  append: appendBench,
  idle: idleBench,
  paused: pausedBench,
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
const bare = await startBareStream(18_768)
try {
  const authorization = `Bearer ${await tokenFor('bench')}`
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
  for (const name of parts) {
    // A server of its own for each part: what one part leaves in memory is no figure of another.
    const lighthouse = await startLighthouse({ directory: values.dir, port: 18_767 })
    try {
      await BENCHES[name]?.({ report, lighthouse, bareUrl: bare.url, authorization, rounds, seconds })
    } finally {
      await lighthouse.stop()
    }
    report.note(`load after ${name}: ${loadNow()}`)
  }
} finally {
  await bare.stop()
}
report.finish('live', parts.length === Object.keys(BENCHES).length ? [] : parts)
