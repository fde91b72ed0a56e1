// Reads the events of a group: further along its filter, or single ones again; damage is never passed over silently.
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

/** The most events that one call of lookFurther adds to the window. */
const LOOK = 500

/**
 * Goes on reading at the end of the window. Returns false when there is nothing to read, or no room for it. Throws at
 * damage, unless the definition says that the group skips it: then the skipped positions are written to the log.
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
  // Events outside the owner's scope do not count, because otherwise the group's progress would reveal them.
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
  // Unless the limit cut it short, the read covered everything up to the head that was taken before it.
  const looked = count === limit ? last : Math.max(head, last)
  const read = stops ? Math.min(looked, firstOf(found) - 1) : looked
  window.add([], read, state)
  if (read === after) throw unreadable(found.get(firstOf(found)) as DamagedRange)
  const passed = [...found.values()].filter(({ from }) => from <= read)
  if (passed.length > 0)
    await ledger.write(...passed.map(({ from, to }) => ({ type: 'DamagePassedOver', from, to }) as const))
  return true
}

/** With several lists the read also finds events that are not the group's, so its own limit would count too many. */
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

/** Stops when the events would exceed `takeBytes`. The first is always fetched, so that no event is too large. */
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
