// What an append costs the process that appends, in CPU, by each way there is, beside the built client of another checkout: npm run bench:client -- --before DIR [--pairs 10 --seconds 1 --ways NAMES --dir DIR].
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../test/support/free-port.js'
import { Appending } from './client/appending.js'
import { WAYS, type Way } from './client/ways.js'
import { median } from './engine/figures.js'
import { loadNow, machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'
import { startLighthouse, tokenFor } from './http/servers.js'

/** Until everything that appends run through is compiled, and the server's side of it too. */
const WARMING_SECONDS = 1

const { values } = parseArgs({
  options: {
    before: { type: 'string' },
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '1' },
    ways: { type: 'string', default: Object.keys(WAYS).join(',') },
    dir: { type: 'string', default: 'bench/.data' },
  },
})

const ways = values.ways.split(',')
const unknown = ways.filter(name => !Object.hasOwn(WAYS, name))
if (unknown.length > 0) throw new Error(`--ways takes ${Object.keys(WAYS).join(', ')}, not ${unknown.join(', ')}`)
const [pairs, seconds] = [Number(values.pairs), Number(values.seconds)]
if (values.before === undefined || !(pairs >= 1) || !(seconds > 0)) {
  throw new Error(
    '--before takes a folder with a built client in dist/client, --pairs 1 or more, --seconds more than 0',
  )
}

mkdirSync(values.dir, { recursive: true })
const machine = machineFacts(values.dir)
const report = new Report(machine)
process.stdout.write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${loadNow()}\n`)
const server = await startLighthouse({ directory: values.dir, port: await freePort() })
const target = { url: server.url, token: await tokenFor('bench') }
const sides: Appending[] = []
try {
  for (const folder of [values.before, '.']) sides.push(await Appending.start(resolve(folder), target))
  report.heading(
    `CPU of the client for an append: ${pairs} pairs of ${seconds} s; the floor is the client of ${values.before}`,
  )
  for (const name of ways) await compareWay(name as Way)
} finally {
  for (const side of sides) side.stop()
  await server.stop()
}
report.note(`load at the end: ${loadNow()}`)
report.finish('client', ways.length === Object.keys(WAYS).length ? [] : ways)

/** Both sides by turns, the order reversed each time, so that a machine that changes its speed changes it for both. */
async function compareWay(way: Way): Promise<void> {
  const { what, atMost } = WAYS[way]
  const [before, after] = sides as [Appending, Appending]
  const micros: Record<'before' | 'after', number[]> = { before: [], after: [] }
  const rates: Record<'before' | 'after', number[]> = { before: [], after: [] }
  for (const side of sides) await side.append(way, WARMING_SECONDS)
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? (['before', 'after'] as const) : (['after', 'before'] as const)
    for (const name of order) {
      const { appends, cpuMicros, took } = await (name === 'before' ? before : after).append(way, seconds)
      micros[name].push(cpuMicros / appends)
      rates[name].push(appends / took)
    }
  }
  report.add({
    group: 'client',
    what,
    unit: 'µs',
    store: micros.after,
    floor: micros.before,
    detail: { perSecond: Math.round(median(rates.after)), perSecondBefore: Math.round(median(rates.before)) },
    ...(atMost === undefined ? {} : { targets: [{ of: 'store', atMost }] }),
  })
}
