// Reads what a group may hand out: further along its filter, and single events once more. Damage is told, never passed over.
import { StoreError } from '../../contract/errors.js'
import type { Position, RecordedEvent } from '../../contract/event.js'
import type { DamagedRange, EventStore } from '../../contract/event-store.js'
import type { Choice } from './decide-take.js'
import { GROUP_LIMITS } from './group-limits.js'
import type { Ledger } from './ledger.js'
import { weightOf } from './window.js'

/** How many events one look takes in at the most. */
const LOOK = 500

/** Goes on reading at the end of the window. False when there is nothing to read, or no room for it; throws at damage. */
export async function lookFurther({ world: { store }, state, window }: Ledger): Promise<boolean> {
  const filter = state.definition?.filter
  const head = store.head()
  const after = window.read
  const limit = Math.min(LOOK, window.room)
  if (filter === undefined || after >= head || limit <= 0) return false
  let damage: DamagedRange | undefined
  const onDamaged = (found: DamagedRange) => {
    damage ??= found
  }
  let count = 0
  let last = after
  for await (const event of store.read({ filter, after, limit, onDamaged })) {
    if (damage !== undefined && event.position > damage.from) break
    window.add([event], event.position, state)
    last = event.position
    count++
  }
  if (damage !== undefined) {
    window.add([], damage.from - 1, state)
    if (damage.from - 1 > after) return true
    const which = damage.from === damage.to ? `position ${damage.from}` : `positions ${damage.from} to ${damage.to}`
    throw new StoreError('DATA_CORRUPT', `${which} cannot be read: ${damage.reason}`)
  }
  // The read went at least as far as the head did before it, unless it was cut short.
  window.add([], count === limit ? last : Math.max(head, last), state)
  return true
}

export interface Fetched {
  readonly events: ReadonlyMap<Position, RecordedEvent>
  /** Removed by retention. */
  readonly gone: readonly Position[]
  readonly damaged: readonly Position[]
}

/** The events that were chosen, as many as one answer may hold. */
export async function fetchChosen(store: EventStore, choices: readonly Choice[]): Promise<Fetched> {
  const events = new Map<Position, RecordedEvent>()
  const gone: Position[] = []
  const damaged: Position[] = []
  let bytes = 0
  for (const { position, event: kept } of choices) {
    const event = kept ?? (await once(store, position))
    if (event === 'damaged') damaged.push(position)
    else if (event === undefined) gone.push(position)
    else {
      bytes += weightOf(event)
      if (events.size > 0 && bytes > GROUP_LIMITS.takeBytes) break
      events.set(position, event)
    }
  }
  return { events, gone, damaged }
}

async function once(store: EventStore, position: Position): Promise<RecordedEvent | undefined | 'damaged'> {
  try {
    return await store.find(position)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'DATA_CORRUPT') return 'damaged'
    throw error
  }
}
