// Looks in a store for all that a ledger says was acknowledged: what is lost, doubled, changed, or sent by nobody. Its memory does not grow.
import { isDeepStrictEqual } from 'node:util'
import type { Lighthouse, NewEvent, RecordedEvent } from '#client'
import { type Comparison, refOf } from '#client/testing'
import type { EventSource } from './event-source.js'
import type { SendLedger } from './send-ledger.js'

/** How many there are, and the first of them by ref, or by position where they have none. */
export interface Suspects {
  readonly count: number
  readonly first: readonly (string | number)[]
}

export interface LedgerCheck {
  readonly stored: number
  /** Acknowledged, and removed by the rules of the store since. */
  readonly retired: number
  readonly unacknowledged: number
  /** When the first and the last of them were written, by the clock of the server; empty where there are none. */
  readonly writtenFrom: string
  readonly writtenTo: string
  readonly lost: Suspects
  readonly doubled: Suspects
  /** Not what was sent, byte by byte of what it means. */
  readonly changed: Suspects
  readonly unknown: Suspects
}

export const NOBODY: Suspects = { count: 0, first: [] }
/** Of a generator that keeps no ledger. */
export const NOTHING_SENT: LedgerCheck = {
  stored: 0,
  retired: 0,
  unacknowledged: 0,
  writtenFrom: '',
  writtenTo: '',
  lost: NOBODY,
  doubled: NOBODY,
  changed: NOBODY,
  unknown: NOBODY,
}

const MOST_NAMED = 20
/** What was sent long before and stored late is between the others. */
const LEAST_KNOWN = 65_536

class Suspicion {
  count = 0
  readonly first: (string | number)[] = []

  add(named: string | number): void {
    this.count++
    if (this.first.length < MOST_NAMED) this.first.push(named)
  }

  get all(): Suspects {
    return { count: this.count, first: this.first }
  }
}

export interface Stored {
  /** In the order of positions, all events of the source. */
  readonly events: AsyncIterable<RecordedEvent>
  readonly byId: (id: string) => Promise<RecordedEvent | undefined>
  /** What lies before it was removed by the rules of the store. */
  readonly floor: () => Promise<number>
}

export async function checkLedger(ledger: SendLedger, source: EventSource, stored: Stored): Promise<LedgerCheck> {
  const { events, byId, floor } = stored
  const [lost, doubled, changed, unknown] = [new Suspicion(), new Suspicion(), new Suspicion(), new Suspicion()]
  const causes = new KnownCauses(source, byId)
  let count = 0
  let writtenFrom = ''
  let writtenTo = ''
  for await (const event of events) {
    if (writtenFrom === '') writtenFrom = event.timestamp
    writtenTo = event.timestamp
    const ref = refOf(event)
    const index = ref === undefined ? undefined : source.indexOf(ref)
    if (ref === undefined || index === undefined || !ledger.entry(index).isBegun) unknown.add(ref ?? event.position)
    else if (ledger.entry(index).isFound) doubled.add(ref)
    else {
      count++
      ledger.found(index, event.position)
      causes.add(index, event.id)
      if (!isSame(await sentAgain(ledger, index, { event, causes }), event)) changed.add(ref)
    }
  }
  let unacknowledged = 0
  let retired = 0
  const first = await floor()
  for (let index = 0; index < source.given; index++) {
    const { isAcknowledged, isFound, isElsewhere, position, sentAt } = ledger.entry(index)
    // One that is elsewhere than was said is not the event that was acknowledged.
    if (isAcknowledged && !isFound && position < first) retired++
    else if (isAcknowledged && (!isFound || isElsewhere)) lost.add(source.at(index, sentAt).ref)
    if (!isAcknowledged && isFound) unacknowledged++
  }
  const suspects = { lost: lost.all, doubled: doubled.all, changed: changed.all, unknown: unknown.all }
  return { stored: count, retired, unacknowledged, writtenFrom, writtenTo, ...suspects }
}

interface Seen {
  readonly event: RecordedEvent
  readonly causes: KnownCauses
}

async function sentAgain(ledger: SendLedger, index: number, { event, causes }: Seen): Promise<NewEvent> {
  let isKnown = true
  const sent = ledger.sentAgain(index, ref => {
    const id = causes.idOf(ref)
    isKnown &&= id !== undefined
    return id
  })
  if (isKnown) return sent
  const looked = await causes.lookedUp([event.causationId, ...(event.parents ?? [])])
  // By which id a cause that is lost was known nobody can say any more, and it is told of by itself.
  const isLost = (ref: string) => !ledger.entry(causes.indexOf(ref)).isFound
  return ledger.sentAgain(index, ref => looked.get(ref) ?? (isLost(ref) ? event.causationId : undefined))
}

/** The ids of what was read last, by what others are caused by. */
class KnownCauses {
  private readonly indexes: Float64Array
  private readonly ids: string[]

  constructor(
    private readonly source: EventSource,
    private readonly byId: Stored['byId'],
  ) {
    const held = Math.max(LEAST_KNOWN, source.round)
    this.indexes = new Float64Array(held).fill(-1)
    this.ids = Array.from({ length: held }, () => '')
  }

  add(index: number, id: string): void {
    const at = index % this.ids.length
    this.indexes[at] = index
    this.ids[at] = id
  }

  indexOf(ref: string): number {
    return this.source.indexOf(ref) ?? -1
  }

  idOf(ref: string): string | undefined {
    const index = this.indexOf(ref)
    const at = index % this.ids.length
    return this.indexes[at] === index ? this.ids[at] : undefined
  }

  /** Of what was read too long ago: which event each of these ids is of. */
  async lookedUp(ids: readonly (string | undefined)[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    for (const id of ids) {
      const event = id === undefined ? undefined : await this.byId(id)
      const ref = event === undefined ? undefined : refOf(event)
      if (id !== undefined && ref !== undefined) found.set(ref, id)
    }
    return found
  }
}

/** An event that was sent without a correlation has that of its call. */
function isSame({ correlationId, ...sent }: NewEvent, event: RecordedEvent): boolean {
  if (correlationId !== undefined && correlationId !== event.correlationId) return false
  return (
    sent.type === event.type &&
    sent.stream === event.stream &&
    sent.causationId === event.causationId &&
    sent.sessionId === event.sessionId &&
    sent.occurredAt === event.occurredAt &&
    (sent.schemaVersion ?? 1) === event.schemaVersion &&
    isDeepStrictEqual(sent.parents, event.parents) &&
    isDeepStrictEqual(sent.tags ?? [], event.tags) &&
    isDeepStrictEqual(sent.metadata, event.metadata) &&
    isDeepStrictEqual(sent.data, event.data)
  )
}

/** What a server has of one source. */
export function storedAt(lighthouse: Lighthouse, base: string): Stored {
  return {
    events: lighthouse.read({ streams: `${base}/*` }),
    byId: id => lighthouse.event(id),
    floor: async () => (await lighthouse.readPage({ limit: 1 })).events[0]?.position ?? 1,
  }
}

/** Of a fleet, which keeps its own ledger in memory. */
export function checkOf({ stored, unacknowledged, lost, doubled, unknown }: Comparison): LedgerCheck {
  const suspects = (all: readonly (string | number)[]) => ({ count: all.length, first: all.slice(0, MOST_NAMED) })
  return {
    stored,
    retired: 0,
    unacknowledged,
    writtenFrom: '',
    writtenTo: '',
    lost: suspects(lost),
    doubled: suspects(doubled),
    changed: { count: 0, first: [] },
    unknown: suspects(unknown),
  }
}
