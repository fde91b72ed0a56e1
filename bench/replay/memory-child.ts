// A process of its own that replays so many events and looks at its memory on the way.
import { residentBytes } from '../engine/machine.js'
import { openStore } from '../engine/stores.js'
import { EVERYTHING } from './replay-store.js'
import { States } from './states.js'

export interface Held {
  /** Of the heap after a collection: from what it was after a few events to the most there was. */
  readonly heapGrowthBytes: number
  readonly residentPeakBytes: number
  /** Of the peak, over that of a replay of a tenth as many just before. */
  readonly residentGrowthBytes: number
}

const WARM_EVENTS = 10_000
/** Until code is compiled, and the allocator has what a replay asks of it at once. */
const WARM_REPLAYS = 3
const LOOK_MS = 20
const COLLECT_EVERY = 25

/** Looked at by the clock, while replays run as they do for anyone. */
class Watch {
  heap = 0
  resident = 0
  private looks = 0
  private readonly timer = setInterval(() => this.look(), LOOK_MS)

  private look(): void {
    this.resident = Math.max(this.resident, residentBytes())
    if (++this.looks % COLLECT_EVERY === 0) this.collect()
  }

  private collect(): void {
    globalThis.gc?.()
    this.heap = Math.max(this.heap, process.memoryUsage().heapUsed)
  }

  end(): void {
    clearInterval(this.timer)
    this.look()
    this.collect()
  }
}

async function measure(directory: string, events: number): Promise<Held> {
  const store = await openStore(directory)
  const states = await States.open(store, directory)
  const replayed = async (at: number) => {
    const watch = new Watch()
    await states.replay({ ...EVERYTHING, snapshots: false, at })
    watch.end()
    return watch
  }
  await replayed(WARM_EVENTS)
  globalThis.gc?.()
  const { heapUsed } = process.memoryUsage()
  let tenth = await replayed(events / 10)
  for (let more = 1; more < WARM_REPLAYS; more++) tenth = await replayed(events / 10)
  const whole = await replayed(events)
  await store.close()
  return {
    heapGrowthBytes: Math.max(tenth.heap, whole.heap) - heapUsed,
    residentPeakBytes: whole.resident,
    residentGrowthBytes: whole.resident - tenth.resident,
  }
}

const [directory = '', events] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await measure(directory, Number(events)))}\n`)
