// What following a log costs: npm run bench:follower [-- --events 40000 --rounds 5 --dir bench/.data]. CPU of the follower for each event that the writer adds.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openEmbedded } from '../src/backends/embedded/embedded-store.js'
import { openFollower } from '../src/backends/follower/follower-store.js'
import { machineFacts } from './engine/machine.js'
import { Report } from './engine/report.js'
import { makeEvents } from './engine/workload.js'
import { SteppedWriter } from './follower/stepped-writer.js'

/** Events of one append, and appends that one sync makes durable: the follower hears of all of them at once. */
const SHAPES = [
  { events: 1, appends: 1 },
  { events: 1, appends: 16 },
  { events: 1, appends: 64 },
  { events: 100, appends: 1 },
] as const

/** What a thread may spend on an event that others write. */
const TARGET_US = 2

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '40000' },
    rounds: { type: 'string', default: '5' },
    dir: { type: 'string', default: 'bench/.data' },
  },
})
const rounds = Math.max(5, Number(values.rounds))
mkdirSync(values.dir, { recursive: true })
const report = new Report(machineFacts(values.dir))
report.heading('CPU of a follower for each event that it follows')
for (const shape of SHAPES) await measure(shape)
report.finish('follower')

async function measure(shape: (typeof SHAPES)[number]): Promise<void> {
  const directory = join(values.dir, 'follower')
  rmSync(directory, { recursive: true, force: true })
  const head = await write(directory, shape.events)
  for (const verify of [false, true]) {
    const taken: number[] = []
    // The first round is the engine's own warming up.
    for (let round = 0; round <= rounds; round++) {
      const us = await followed(directory, head, shape.events * shape.appends, verify)
      if (round > 0) taken.push(us)
    }
    const what = `${shape.events} an append, ${shape.appends} appends a sync`
    const group = verify ? 'proven' : 'in the process of the writer'
    const target = verify ? {} : { targets: [{ of: 'store', atMost: TARGET_US } as const] }
    report.add({ group, what, unit: 'µs', store: taken, ...target })
  }
  rmSync(directory, { recursive: true, force: true })
}

/** A log of one segment, and its head. */
async function write(directory: string, events: number): Promise<number> {
  const store = await openEmbedded({ directory, nodeId: 'bench', segmentBytes: 2 ** 31, sealOnCloseBytes: 2 ** 31 })
  const list = makeEvents({ count: Number(values.events) })
  const waiting: Promise<unknown>[] = []
  for (let at = 0; at < list.length; at += events)
    waiting.push(store.append({ events: list.slice(at, at + events), author: { agentId: 'bench' } }))
  await Promise.all(waiting)
  await store.close()
  return store.head()
}

/** Microseconds of CPU for each event, collections and the turns of the loop included. */
async function followed(directory: string, head: number, step: number, verify: boolean): Promise<number> {
  const writer = new SteppedWriter()
  const follower = await openFollower(writer, { directory, verify })
  const before = process.cpuUsage()
  for (let at = step; at <= head; at += step) {
    writer.moveTo(at)
    await follower.beyond(at - 1)
  }
  const { user, system } = process.cpuUsage(before)
  await follower.close()
  return (user + system) / head
}
