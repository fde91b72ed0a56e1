// Lists the parked events of a group page by page, with each event only for callers who may see it.
import type { Position, RecordedEvent } from '../../contract/event.js'
import type { EventStore } from '../../contract/event-store.js'
import { Turn } from '../../contract/turns.js'
import { covers, type GroupScope } from '../group-scope.js'
import type { GroupState, Parked } from './group-state.js'
import { weightOf } from './window.js'

export interface ParkedPage {
  /** Exclusive. */
  readonly after: Position
  readonly limit: number
}

export interface ParkedEvent {
  readonly position: Position
  readonly parked: Parked
  /** Undefined when it may not be shown, has been removed or cannot be read. */
  readonly event: RecordedEvent | undefined
}

export interface ParkedList {
  readonly list: readonly ParkedEvent[]
  readonly next: Position | null
}

/** The most that the events of a page weigh together; the first one is shown even if it weighs more. */
const PAGE_BYTES = 8 * 1024 * 1024

/** Without `whole`, rows that the scope does not cover are left out; with it, they are listed without their events. */
export async function parkedOf(
  store: EventStore,
  state: GroupState,
  { after, limit, scope, whole }: ParkedPage & { readonly scope: GroupScope; readonly whole: boolean },
): Promise<ParkedList> {
  const positions = [...state.parked.keys()].filter(position => position > after).sort((a, b) => a - b)
  const list: ParkedEvent[] = []
  let bytes = 0
  const turn = new Turn()
  for (const position of positions) {
    const parked = state.parked.get(position)
    // It may have been replayed or discarded while the page was being read.
    if (parked === undefined) continue
    if (turn.isOver) await turn.next()
    const isSeen = covers(scope, parked.stream)
    if (!isSeen && !whole) continue
    const event = isSeen ? await store.find(position).catch(() => undefined) : undefined
    bytes += event === undefined ? 0 : weightOf(event)
    const last = list.at(-1)
    if (last !== undefined && (list.length === limit || bytes > PAGE_BYTES)) return { list, next: last.position }
    list.push({ position, parked, event })
  }
  return { list, next: null }
}
