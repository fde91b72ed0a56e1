// The one path by which events are read: postings, places, checked bytes, events, in order and one fetch ahead.
import { StoreError, unreadable } from '../../contract/errors.js'
import type { Position } from '../../contract/event.js'
import { parseId } from '../../contract/event-id.js'
import type { DamagedRange, ReadRequest, StreamInfo } from '../../contract/event-store.js'
import { compileFilter, filterCost } from '../../contract/filter.js'
import type { ClockReading } from '../../contract/hybrid-clock.js'
import { parseTime } from '../../contract/rfc3339.js'
import { Turn } from '../../contract/turns.js'
import type { StoredEvent } from '../../record/record.js'
import { diskErrorCode } from './engine/disk/disk.js'
import { NO_ORDINALS } from './engine/index/postings.js'
import type { ReadableLog } from './engine/readable-log.js'
import type { Segment } from './engine/segment/sealed-segment.js'
import type { SegmentList } from './engine/segment/segment-list.js'
import { type EntryPlace, lastOfStream, peekTimestampSync, placeOf } from './entry-reader.js'
import { coalesce, type Extent, FetchSize, PieceReader, Slicer, SMALL_BYTES, type Wanted } from './fetches.js'
import { union } from './ordinal-sets.js'
import { candidates } from './plan.js'
import { DAMAGED_EVENT, isKnownDamaged, proven, secondOpinion } from './second-opinion.js'
import { firstAtOrAfter, type ReadingAt, segmentOf } from './segment-search.js'
import { withIndexRepair } from './with-index-repair.js'

/**
 * Comparisons between two readings of the clock. An event that is handed out counts as several, because its consumer
 * does at least that much work with it.
 */
const WORK_A_LOOK = 1_024
const USE_OF_AN_EVENT = 16

interface Bounds {
  readonly from: number
  readonly to: number
}

/** Places in one segment, in the order of the read. */
interface Fetch {
  readonly segment: Segment
  readonly places: readonly EntryPlace[]
}

/** Events in the order of the read; `failure` takes the place of the next one. */
interface Fetched {
  readonly events: readonly StoredEvent[]
  readonly failure?: StoreError
  /** The event loop went round while the bytes were read, so that a new turn may begin. */
  readonly waited: boolean
}

const NOTHING: Fetched = { events: [], waited: false }

type Step = { readonly fetch: Fetch } | { readonly missing: Bounds }

export class LogReader {
  private readonly pieces = new PieceReader()

  constructor(private readonly log: ReadableLog) {}

  /** Reads up to `head`, which is taken when the read is requested and not when its first event is. */
  async *read(request: ReadRequest, head = this.log.head): AsyncGenerator<StoredEvent, void, void> {
    const bounds = await withIndexRepair(this.log, () => this.bounds(request, head))
    let left = request.limit ?? Number.POSITIVE_INFINITY
    const matches = request.filter === undefined ? undefined : compileFilter(request.filter)
    const lookingAt = filterCost(request.filter ?? {})
    const steps = this.steps(request, bounds)
    const turn = new Turn()
    let work = 0
    let ahead = this.perform(steps.next(), request)
    for (;;) {
      const fetched = await ahead
      if (fetched === undefined) return
      const { events, failure } = fetched
      if (fetched.waited) turn.restart()
      // Nothing is read ahead of a fetch that may well be the last.
      const more = failure === undefined && events.length < left
      if (more) {
        ahead = this.perform(steps.next(), request)
        // A consumer that stops early must not hear of a fault in what was read ahead, so it is handled here.
        ahead.catch(() => undefined)
      }
      for (const event of events) {
        work += lookingAt
        if (work >= WORK_A_LOOK) {
          work = 0
          if (turn.isOver) await turn.next()
        }
        if (matches !== undefined && !matches(event)) continue
        work += USE_OF_AN_EVENT
        yield event
        if (--left === 0) return
      }
      if (failure !== undefined) throw failure
      if (!more) ahead = this.perform(steps.next(), request)
    }
  }

  /** One event by position; undefined when it is retired or beyond the head. Throws DATA_CORRUPT when it is damaged. */
  async at(position: number): Promise<StoredEvent | undefined> {
    const segment = segmentOf(this.log.segments(), position)
    if (segment === undefined) {
      this.refuseIfMissing(position)
      return undefined
    }
    const place = await withIndexRepair(this.log, () => placeOf(segment, position))
    const { events, failure } = await this.fetch({ segment, places: [place] }, {})
    if (failure !== undefined) throw failure
    return events[0]
  }

  find(key: Position | string): Promise<StoredEvent | undefined> {
    return typeof key === 'number' ? this.at(key) : this.findById(key)
  }

  /** The head of a stream, also when no event of it is left. */
  async stream(name: string): Promise<StreamInfo | undefined> {
    const last = await withIndexRepair(this.log, () => lastOfStream(this.log, name))
    if (last !== undefined) return { stream: name, revision: last.revision, lastPosition: last.position }
    const carried = this.log.floor.carried.get(name)
    return carried === undefined ? undefined : { stream: name, revision: carried[0], lastPosition: carried[1] }
  }

  private async findById(id: string): Promise<StoredEvent | undefined> {
    const wanted = parseId(id)
    if (wanted === undefined) return undefined
    const { log } = this
    const kept = { from: log.firstPosition, to: log.head }
    const place = (readingAt?: ReadingAt) => () => firstAtOrAfter(log.segments(), wanted, kept, readingAt)
    const guess = await withIndexRepair(log, place(peekTimestampSync))
    const guessed = guess > kept.to ? undefined : await this.at(guess).catch(() => undefined)
    if (guessed?.id === id) return guessed
    let damage: StoreError | undefined
    // A damaged position is no answer yet, because the event may lie behind it. The position behind the head counts as
    // well, because the end of the log may be lost.
    for (let position = await withIndexRepair(log, place()); position <= log.head + 1; position++) {
      try {
        const event = await this.at(position)
        if (event?.id === id) return event
        break
      } catch (error) {
        if (!(error instanceof StoreError && error.code === 'DATA_CORRUPT')) throw error
        damage ??= error
      }
    }
    if (damage !== undefined) throw damage
    return undefined
  }

  private bounds(request: ReadRequest, head: number): Bounds {
    let from = Math.max(this.log.firstPosition, (request.after ?? 0) + 1)
    const before = (request.before ?? Number.POSITIVE_INFINITY) - 1
    // Events lost from the end of the log lie beyond the head, and must not be passed over in silence either.
    const lost = this.log.damage.reduce((furthest, damage) => Math.max(furthest, damage.to), head)
    let to = Math.min(lost, before)
    const segments = this.log.segments()
    const readable = Math.min(head, to)
    if (request.since !== undefined)
      from = Math.max(from, firstAtOrAfter(segments, readStartOf(request.since), { from: from, to: readable }))
    if (request.until !== undefined) {
      const end = firstAtOrAfter(segments, readStartOf(request.until), { from: from, to: readable })
      if (end <= readable) to = end - 1
    }
    return { from, to }
  }

  private async perform(next: Promise<IteratorResult<Step>>, request: ReadRequest): Promise<Fetched | undefined> {
    const step = await next
    if (step.done === true) return undefined
    if ('fetch' in step.value) return this.fetch(step.value.fetch, request)
    const { from, to } = step.value.missing
    const failure = this.damaged(request, { from, to, where: 'no segment', reason: 'the segment is missing' })
    return failure === undefined ? NOTHING : { ...NOTHING, failure }
  }

  /** What to fetch, in order. Segments are looked up at each step, because one may have been archived meanwhile. */
  private async *steps(request: ReadRequest, { from, to }: Bounds): AsyncGenerator<Step, void, void> {
    const down = request.order === 'desc'
    let at = down ? to : from
    const size = new FetchSize(request.limit)
    while (down ? at >= from : at <= to) {
      const segments = this.log.segments()
      const segment = segmentOf(segments, at)
      if (segment === undefined && at < this.log.firstPosition) {
        // The segment was retired during the read, which goes on as if it had been requested later.
        at = down ? from - 1 : this.log.firstPosition
        continue
      }
      if (segment === undefined) {
        const missing = gapAround(segments, at, { from, to })
        yield { missing }
        at = down ? missing.from - 1 : missing.to + 1
        continue
      }
      const part = { from: Math.max(from, segment.firstPosition), to: Math.min(to, segment.lastPosition) }
      const wanted = await this.unlessRetired(segment, () => this.wanted(segment, request, part), NO_ORDINALS)
      const slicer = new Slicer(segment, wanted, down, size)
      for (;;) {
        const places = await this.unlessRetired(segment, () => slicer.next(), [])
        if (places.length === 0) break
        yield { fetch: { segment, places } }
      }
      at = down ? part.from - 1 : part.to + 1
    }
  }

  /** A segment that is retired loses its index too, so that an error then only means that nothing is left to find. */
  private async unlessRetired<T>(segment: Segment, work: () => T | Promise<T>, nothing: T): Promise<T> {
    try {
      return await withIndexRepair(this.log, work)
    } catch (error) {
      this.refuseIfClosed()
      if (segment.lastPosition < this.log.firstPosition) return nothing
      throw error
    }
  }

  /** Ordinals worth reading. Those known to be damaged are among them, because a filter must not hide a gap. */
  private async wanted(segment: Segment, request: ReadRequest, part: Bounds): Promise<Wanted> {
    const first = segment.firstPosition
    const all = { from: part.from - first, to: part.to - first }
    if (request.filter === undefined) return all
    const found = await candidates(segment.postings, request.filter, all)
    if (found === undefined) return all
    const damaged = this.log.damage.flatMap(({ from, to }) =>
      ordinalsBetween(Math.max(from, part.from) - first, Math.min(to, part.to) - first),
    )
    // Copied, because the index promises a list only until its next change.
    return damaged.length === 0 ? found.slice() : union([found, Uint32Array.from(damaged)])
  }

  private async fetch({ segment, places }: Fetch, request: ReadRequest): Promise<Fetched> {
    try {
      return await this.fetchFrom(segment, places, request)
    } catch (error) {
      const code = diskErrorCode(error)
      this.refuseIfClosed()
      if (code === undefined || error instanceof StoreError) throw error
      // The segment may have been archived during the read: its events are then in another file.
      if (code === 'ENOENT') await this.log.relocated()
      const moved = code === 'ENOENT' ? segmentOf(this.log.segments(), (places[0] as EntryPlace).position) : undefined
      if (moved !== undefined && moved.name !== segment.name) return this.fetchFrom(moved, places, request)
      if (segment.lastPosition < this.log.firstPosition) return NOTHING
      throw new StoreError('STORAGE_UNAVAILABLE', `reading ${segment.name} failed: ${code}`, { cause: error })
    }
  }

  private async fetchFrom(segment: Segment, places: readonly EntryPlace[], request: ReadRequest): Promise<Fetched> {
    const extents = coalesce(places)
    const read = await this.pieces.readAll(segment, extents)
    const waited = extents.some(({ offset, end }) => end - offset > SMALL_BYTES)
    const events: StoredEvent[] = []
    for (let at = 0; at < extents.length; at++) {
      const { offset, members } = extents[at] as Extent
      for (const place of members) {
        const event =
          proven(place, read[at] as Buffer, offset) ?? (await secondOpinion(this.log, segment, place.position))
        const failure = event === undefined ? this.damaged(request, this.damageAt(segment, place)) : undefined
        // Events before the damage are still delivered.
        if (failure !== undefined) return { events, failure, waited }
        if (event !== undefined) events.push(event)
      }
    }
    return { events, waited }
  }

  private damageAt({ name }: Segment, { position, offset }: EntryPlace): DamagedRange {
    return { from: position, to: position, where: `${name} at byte ${offset}`, reason: DAMAGED_EVENT }
  }

  /** Reports the range if the request wants that, and answers undefined; otherwise answers the error to throw. */
  private damaged(request: ReadRequest, range: DamagedRange): StoreError | undefined {
    if (request.onDamaged !== undefined) {
      request.onDamaged(range)
      return undefined
    }
    return unreadable(range)
  }

  /** Whatever failed once the store has closed failed because of that. */
  private refuseIfClosed(): void {
    if (this.log.isClosed) throw new StoreError('CLOSED', 'the store closed during the read')
  }

  private refuseIfMissing(position: number): void {
    if (!isKnownDamaged(this.log, position) && (position < this.log.firstPosition || position > this.log.head)) return
    throw unreadable({ from: position, to: position, reason: 'the segment is missing' })
  }
}

export function readStartOf(time: string | bigint): ClockReading {
  return { timestampNs: typeof time === 'bigint' ? time : parseTime(time), sequence: 0 }
}

function ordinalsBetween(from: number, to: number): number[] {
  const list: number[] = []
  for (let ordinal = from; ordinal <= to; ordinal++) list.push(ordinal)
  return list
}

/** The missing positions around one that no segment holds, within the bounds of the read. */
function gapAround(segments: SegmentList, position: number, { from, to }: Bounds): Bounds {
  const count = segments.countUpTo(position)
  const before = count === 0 ? 0 : segments.at(count - 1).lastPosition
  const after = count < segments.length ? segments.at(count).firstPosition : Number.POSITIVE_INFINITY
  return { from: Math.max(from, before + 1), to: Math.min(to, after - 1) }
}
