// Reads what a group may hand out: further along its filter, and single events once more. Damage is told, never passed over.
import { StoreError, unreadable } from '../../contract/errors.js'
import type { Position, RecordedEvent } from '../../contract/event.js'
import type { DamagedRange, EventStore } from '../../contract/event-store.js'
import { Turn } from '../../contract/turns.js'
import { groupFilterOf, isWithinGroupScope } from '../group-scope.js'
import type { Choice } from '../state/decide-take.js'
import type { Definition } from '../state/group-definition.js'
import { GROUP_LIMITS } from '../state/group-limits.js'
import { weightOf } from '../state/window.js'
import type { GroupJournal } from './group-journal.js'

/** How many events one look takes in at the most. */
const LOOK = 500

/**
 * Goes on reading at the end of the window. False when there is nothing to read, or no room for it. Throws at damage,
 * unless whoever looks after the group has said that it is to be passed over: then the books say what was.
 */
export async function lookFurther(ledger: GroupJournal, most = LOOK): Promise<boolean> {
  const { state, window } = ledger
  const { store } = ledger.world
  const { definition } = state
  const head = store.head()
  const after = window.read
  const limit = Math.min(most, window.room)
  if (definition === undefined || after >= head || limit <= 0) return false
  const found = new Map<Position, DamagedRange>()
  const onDamaged = (range: DamagedRange) => void found.set(range.from, range)
  const stops = definition.damaged === 'stop'
  const turn = new Turn()
  let count = 0
  let last = after
  // What lies outside the scope of the owner does not count, so that how far this comes tells nothing of it.
  for await (const event of store.read({
    filter: groupFilterOf(definition),
    after,
    onDamaged,
    ...inOneList(definition, limit),
  })) {
    if (stops && firstOf(found) < event.position) break
    if (!isWithinGroupScope(definition, event.stream)) continue
    window.add([event], event.position, state)
    last = event.position
    if (++count === limit) break
    if (turn.isOver) await turn.next()
  }
  // The read went at least as far as the head did before it, unless it was cut short.
  const looked = count === limit ? last : Math.max(head, last)
  const read = stops ? Math.min(looked, firstOf(found) - 1) : looked
  window.add([], read, state)
  if (read === after) throw unreadable(found.get(firstOf(found)) as DamagedRange)
  const passed = [...found.values()].filter(({ from }) => from <= read)
  if (passed.length > 0)
    await ledger.write(...passed.map(({ from, to }) => ({ type: 'DamagePassedOver', from, to }) as const))
  return true
}

/** The read itself can count as long as everything it finds is the group's. */
function inOneList({ within = [] }: Definition, limit: number): { readonly limit?: number } {
  return within.length < 2 ? { limit } : {}
}

function firstOf(found: ReadonlyMap<Position, DamagedRange>): Position {
  return Math.min(...found.keys())
}

export interface FetchedEvents {
  readonly events: ReadonlyMap<Position, RecordedEvent>
  /** Removed by retention. */
  readonly gone: readonly Position[]
  readonly damaged: readonly Position[]
}

/** The events that were chosen, as many as one answer may hold. */
export async function fetchChosen(store: EventStore, choices: readonly Choice[]): Promise<FetchedEvents> {
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
