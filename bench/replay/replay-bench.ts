// Replays by time: filtered, whole, from a snapshot, from a checkpoint; each from a store that has just been opened, beside reading and decoding as many events with nothing around it.
import { hash } from 'node:crypto'
import { Unpackr } from 'msgpackr'
import type { ReplayDto } from '../../src/folding/replay.dto.js'
import type { Replayed } from '../../src/folding/replay.js'
import { alternate, median } from '../engine/figures.js'
import type { Measured, Report } from '../engine/report.js'
import { openStore } from '../engine/stores.js'
import { makeEvents, PACKR } from '../engine/workload.js'
import { DELTA_EVENTS, EVERYTHING, TENTH, TWENTIETH } from './replay-store.js'
import { States } from './states.js'

const FILTERED_EVENTS = 100_000

export interface ReplayStore {
  readonly directory: string
  readonly events: number
  readonly rounds: number
}

type Sides = Record<keyof ReturnType<typeof sidesOf>, number[]>

export async function replayBench(report: Report, { directory, events, rounds }: ReplayStore): Promise<void> {
  const store = await openStore(directory)
  const checkpoint = await (await States.open(store, directory)).replay({ ...EVERYTHING, at: events - DELTA_EVENTS })
  await store.close()
  const count = events.toLocaleString('en-US')
  report.heading(`Replays in a store of ${count} events, just opened; the floor hashes and unpacks as many from memory`)
  const sides: Sides = await alternate<number, ReturnType<typeof sidesOf>>(
    rounds,
    sidesOf(directory, events, checkpoint),
  )
  for (const row of rowsOf(sides, events)) report.add({ group: 'replay', ...row })
}

function sidesOf(directory: string, events: number, { state, events: folded }: Replayed) {
  const plain = { ...EVERYTHING, snapshots: false }
  const before = events - DELTA_EVENTS
  const cold = (asked: Partial<ReplayDto>) => () => coldReplay(directory, asked)
  return {
    tenth: cold({ filter: { types: [TENTH] }, snapshots: false }),
    twentieth: cold({ filter: { types: [TWENTIETH] }, snapshots: false }),
    whole: cold({ ...plain, at: events }),
    snapshot: cold({ ...EVERYTHING, at: before }),
    delta: cold({ ...EVERYTHING, at: events }),
    checkpoint: cold({ ...plain, after: before, initial: { state, events: folded } }),
    bareTenth: () => bare(events / 10),
    bareWhole: () => bare(events),
    bareDelta: () => bare(DELTA_EVENTS),
  }
}

function rowsOf(sides: Sides, events: number): Omit<Measured, 'group'>[] {
  const rate = (milliseconds: readonly number[], count = events) => milliseconds.map(ms => (count / ms) * 1_000)
  const count = events.toLocaleString('en-US')
  const delta = DELTA_EVENTS.toLocaleString('en-US')
  const tenth = events / 10
  const speedup = sides.whole.map((ms, at) => ms / (sides.snapshot[at] as number))
  return [
    {
      what: `filtered replay of ${tenth.toLocaleString('en-US')}, cold`,
      unit: 'ms',
      store: sides.tenth,
      floor: sides.bareTenth,
      ...(tenth === FILTERED_EVENTS
        ? {
            targets: [
              { of: 'store', atMost: 10_000 },
              { of: 'store', atMost: 600 },
            ],
          }
        : {}),
    } as Omit<Measured, 'group'>,
    {
      what: `full replay of ${count}`,
      unit: 'events/s',
      store: rate(sides.whole),
      floor: rate(sides.bareWhole),
      targets: [{ of: 'store', atLeast: 50_000 }],
    },
    {
      what: `replay of 5 % of ${count} by type`,
      unit: 'events/s',
      store: rate(sides.twentieth, events / 20),
      detail: { ms: median(sides.twentieth), 'full replay, ms': median(sides.whole) },
    },
    {
      what: `replay of 5 % by type, beside the full one`,
      unit: 'ms',
      store: sides.twentieth,
      floor: sides.whole,
      targets: [{ of: 'ratio', atMost: 0.1 }],
    },
    {
      what: 'cold state: without a snapshot by with',
      unit: '×',
      store: speedup,
      targets: [{ of: 'store', atLeast: 10 }],
      detail: { 'with, ms': median(sides.snapshot), 'without, ms': median(sides.whole) },
    },
    {
      what: `snapshot + delta of ${delta}`,
      unit: 'ms',
      store: sides.delta,
      floor: sides.bareDelta,
      targets: [{ of: 'store', atMost: 1_000 }],
    },
    {
      what: `resume from a checkpoint ${delta} back`,
      unit: 'ms',
      store: sides.checkpoint,
      floor: sides.bareDelta,
      targets: [{ of: 'store', atMost: 1_000 }],
    },
  ]
}

/** Milliseconds from the asking to the state; the opening has a bench of its own. */
async function coldReplay(directory: string, asked: Partial<ReplayDto>): Promise<number> {
  const store = await openStore(directory)
  try {
    const states = await States.open(store, directory)
    globalThis.gc?.()
    const started = performance.now()
    const { snapshot } = await states.replay(asked)
    const milliseconds = performance.now() - started
    const wanted = asked.snapshots !== false
    if (wanted !== (snapshot !== null)) throw new Error(`the replay began ${wanted ? 'without a' : 'with a'} snapshot`)
    return milliseconds
  } finally {
    await store.close()
  }
}

const POOL = makeEvents({ count: 4_000 }).map(({ data }) => PACKR.pack(data))
const unpackr = new Unpackr({ useRecords: false })

function bare(count: number): number {
  const started = performance.now()
  for (let at = 0; at < count; at++) {
    const bytes = POOL[at % POOL.length] as Buffer
    hash('sha256', bytes, 'buffer')
    unpackr.unpack(bytes)
  }
  return performance.now() - started
}
