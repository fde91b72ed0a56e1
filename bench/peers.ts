// Measures Lighthouse and its peers side by side, each durable before it acknowledges: npm run bench:peers -- [--rounds 5 --seconds 1.5 --cells singles,read-all,… --peers postgresql,… --other-load 0.2 --out FILE], --list, or --page FILE, which writes the tables of docs/COMPARISON.md.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadNow, machineFacts } from './engine/machine.js'
import { herePeers } from './peers/all-peers.js'
import { CELLS, chosenCells } from './peers/cells.js'
import { EVENT_BYTES } from './peers/events.js'
import { CellBench } from './peers/measure.js'
import { linesOf, Results } from './peers/results.js'
import { syncsPerAppend } from './peers/syncs.js'
import { writePage } from './peers/tables.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1.5' },
    cells: { type: 'string', default: '' },
    peers: { type: 'string', default: '' },
    batches: { type: 'string', default: '60' },
    'other-load': { type: 'string', default: '0.2' },
    dir: { type: 'string', default: 'bench/.data' },
    out: { type: 'string' },
    list: { type: 'boolean', default: false },
    page: { type: 'string' },
  },
})

// What is measured ends with this process, whatever ends it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.list) for (const { name, what } of CELLS) say(`${name.padEnd(18)} ${what}`)
else if (values.page !== undefined) writePage(values.page)
else process.exitCode = await run()

async function run(): Promise<number> {
  const cells = chosenCells(values.cells)
  const [rounds, seconds, batches] = [Number(values.rounds), Number(values.seconds), Number(values.batches)]
  const otherLoad = Number(values['other-load'])
  if (!(rounds >= 1) || !(seconds > 0) || !(batches >= 1) || !(otherLoad > 0)) throw new Error('a number is missing')
  mkdirSync(values.dir, { recursive: true })
  const directory = mkdtempSync(resolve(values.dir, 'peers-'))
  // PostgreSQL runs as a user of its own, who has to reach what lies inside.
  chmodSync(directory, 0o755)
  const peers = herePeers(
    values.peers.split(',').filter(name => name !== ''),
    say,
  )
  const machine = machineFacts(values.dir)
  say(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${loadNow()}`)
  say(`${rounds} rounds of ${seconds} s; events of ${EVENT_BYTES} bytes as JSON`)
  const results = new Results({ machine, rounds, seconds, eventBytes: EVENT_BYTES }, values.out)
  let failed = 0
  try {
    const bench = new CellBench(peers, { rounds, seconds, batches, otherLoad, directory }, say)
    for (const peer of peers) {
      const system = await bench.start(peer)
      const syncs = await syncsPerAppend(system).finally(() => bench.end(system))
      results.system({ name: system.name, version: system.version, syncsPerAppend: syncs })
      say(
        `${system.name.padEnd(12)} ${system.version.padEnd(10)} ${syncs.toFixed(2)} syncs for each append acknowledged`,
      )
      if (syncs < 1) throw new Error(`${system.name} acknowledges what is not durable`)
    }
    for (const cell of cells) {
      try {
        const result = await bench.measure(cell)
        results.cell(result)
        for (const line of linesOf(result)) say(line)
      } catch (error) {
        failed++
        say(`${cell.name}: ${error instanceof Error ? error.message : error}`)
      }
    }
    return failed === 0 ? 0 : 1
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
