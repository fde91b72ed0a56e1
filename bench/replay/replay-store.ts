// A store to replay: the events every bench appends, one in ten and one in twenty of a type of its own, and a snapshot shortly before its end.
import type { NewEvent } from '../../src/contract/event.js'
import type { ReplayDto } from '../../src/folding/replay.dto.js'
import { openStore } from '../engine/stores.js'
import { makeEvents, packEvents } from '../engine/workload.js'
import { States } from './states.js'

const BATCH = 1_000
/** Behind the snapshot: as many as make the next one due. */
export const DELTA_EVENTS = 10_000

export const TENTH = 'bench.tenth'
export const TWENTIETH = 'bench.twentieth'
export const EVERYTHING: Partial<ReplayDto> = { filter: { streams: ['*'] }, reducer: 'merge' }

/** One that a run before has left is used again. */
export async function buildReplayStore(directory: string, events: number): Promise<void> {
  const store = await openStore(directory)
  try {
    if (store.head() >= events) return
    if (store.head() > 0) throw new Error(`${directory} holds a store that was begun and not finished: remove it`)
    const pool = packEvents(makeEvents({ count: 4_000 }))
    const fill = async (to: number) => {
      for (let at = store.head(); at < to; at += BATCH) {
        const batch = Array.from({ length: Math.min(BATCH, to - at) }, (_, n) => typed(pool, at + n))
        await store.append({ events: batch, author: { agentId: 'builder' } })
      }
    }
    await fill(events - DELTA_EVENTS)
    const states = await States.open(store, directory)
    await states.snapshots.keep({ fold: EVERYTHING, name: null }, states.access)
    await fill(events)
  } finally {
    await store.close()
  }
}

function typed(pool: readonly NewEvent[], at: number): NewEvent {
  const event = pool[at % pool.length] as NewEvent
  if (at % 20 === 0) return { ...event, type: TWENTIETH }
  return at % 10 === 1 ? { ...event, type: TENTH } : event
}
