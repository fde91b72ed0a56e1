// The stores a bench works on: opened, filled fast, and removed afterwards.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { NewEvent } from '../../src/contract/event.js'
import { makeEvents, packEvents } from './workload.js'

const BUILD_BATCH = 1_000
const BUILDERS = 4
const RARE_EVENTS = 1_000

/** Carried by a thousand events, spread evenly over the whole store. */
export const RARE_TAG = 'rare:yes'

/** Counts what one sync of the store covers. */
export class BatchMeter {
  events = 0
  batches = 0
  syncs: number[] = []

  appended(batch: { readonly events: number; readonly syncMs: number }): void {
    this.events += batch.events
    this.batches++
    this.syncs.push(batch.syncMs)
  }

  get eventsPerBatch(): number {
    return this.batches === 0 ? 1 : Math.max(1, Math.round(this.events / this.batches))
  }

  reset(): void {
    this.events = 0
    this.batches = 0
    this.syncs = []
  }
}

/** A meter keeps a number for each batch: without one nothing grows with what is appended. */
export function openStore(
  directory: string,
  { meter, ...options }: { readonly meter?: BatchMeter; readonly segmentBytes?: number } = {},
): Promise<EmbeddedStore> {
  mkdirSync(directory, { recursive: true })
  const observer = { appended: (batch: { readonly events: number; readonly syncMs: number }) => meter?.appended(batch) }
  return openEmbedded({ directory, nodeId: 'bench', observer, ...options })
}

export interface BuildPlan {
  readonly directory: string
  readonly events: number
  /** Each event in a stream of its own, as far as this number goes; otherwise the streams of the workload. */
  readonly streams?: number
  readonly segmentBytes?: number
}

/** A store with so many events, closed. One that a run before has left is used again. */
export async function buildStore(plan: BuildPlan): Promise<void> {
  const marker = join(plan.directory, 'segments')
  const { segmentBytes } = plan
  const store = await openStore(plan.directory, segmentBytes === undefined ? {} : { segmentBytes })
  try {
    if (store.head() >= plan.events) return
    if (store.head() > 0) throw new Error(`${marker} holds a store that was begun and not finished: remove it`)
    await fill(store, plan)
  } finally {
    await store.close()
  }
}

async function fill(store: EmbeddedStore, plan: BuildPlan): Promise<void> {
  const pool = packEvents(makeEvents({ count: 4_000 }))
  let next = 0
  const every = Math.max(1, Math.floor(plan.events / RARE_EVENTS))
  const batch = (): NewEvent[] => {
    const events: NewEvent[] = []
    for (const end = Math.min(plan.events, next + BUILD_BATCH); next < end; next++) {
      const event = pool[next % pool.length] as NewEvent
      const stream = plan.streams === undefined ? event.stream : `single-${next % plan.streams}`
      const tags = next % every === 0 ? [...(event.tags ?? []), RARE_TAG] : event.tags
      events.push({ ...event, stream, ...(tags === undefined ? {} : { tags }) })
    }
    return events
  }
  const author = { agentId: 'builder' }
  const builder = async () => {
    while (next < plan.events) await store.append({ events: batch(), author })
  }
  await Promise.all(Array.from({ length: BUILDERS }, builder))
}

export function removeStore(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

/** Removes every store that `buildStore` makes below a folder, and nothing else there. */
export function removeBuilt(folder: string): void {
  for (const name of readdirSync(folder)) if (/^(events|streams)-\d+$/.test(name)) removeStore(join(folder, name))
}

/** Bytes of the files of a folder whose names end in a certain way. */
export function bytesOf(directory: string, ending: string): number {
  if (!existsSync(directory)) return 0
  const names = readdirSync(directory).filter(name => name.endsWith(ending))
  return names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
}
