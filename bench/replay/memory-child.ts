// A process of its own that replays so many events and looks at its memory on the way.
import { residentBytes } from '../engine/machine.js'
import { openStore } from '../engine/stores.js'
import { EVERYTHING } from './replay-store.js'
import { States } from './states.js'

export interface Held {
  /** Of the heap after a collection: from what it was after a few events to the most there was. */
  readonly heapGrowthBytes: number
  readonly residentPeakBytes: number
}

const WARM_EVENTS = 10_000
const LOOK_MS = 20
const COLLECT_EVERY = 25

/** Looked at by the clock, while the replay runs as it does for anyone. */
async function measure(directory: string, events: number): Promise<Held> {
  const store = await openStore(directory)
  const states = await States.open(store, directory)
  const plain = { ...EVERYTHING, snapshots: false }
  await states.replay({ ...plain, at: WARM_EVENTS })
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  let [most, peak, looks] = [before, residentBytes(), 0]
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes())
    if (++looks % COLLECT_EVERY > 0) return
    globalThis.gc?.()
    most = Math.max(most, process.memoryUsage().heapUsed)
  }, LOOK_MS)
  const { state } = await states.replay({ ...plain, at: events })
  clearInterval(timer)
  globalThis.gc?.()
  most = Math.max(most, process.memoryUsage().heapUsed)
  peak = Math.max(peak, residentBytes())
  await store.close()
  if (state === null) throw new Error('there is no state')
  return { heapGrowthBytes: most - before, residentPeakBytes: peak }
}

const [directory = '', events] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await measure(directory, Number(events)))}\n`)
