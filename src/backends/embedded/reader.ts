// The one path by which events are read: postings, places, checked bytes, events, in order, a little ahead of who asks.
import { StoreError } from '../../contract/errors.js'
import type { ReadRequest } from '../../contract/event-store.js'
import { filterMatches } from '../../contract/filter.js'
import { parseTime } from '../../contract/rfc3339.js'
import { diskErrorCode } from './engine/disk.js'
import type { Log } from './engine/log.js'
import { SealedSegment, type Segment } from './engine/sealed-segment.js'
import { DamagedEvent, eventIn } from './entry-reader.js'
import { between, union } from './ordinal-sets.js'
import { candidates } from './plan.js'
import type { StoredEvent } from './record.js'
import { firstAtOrAfter, segmentOf } from './segment-search.js'
import { withSoundIndexes } from './sound-index.js'

const FIRST_FETCH_EVENTS = 32
const FETCH_EVENTS = 1_024
const FETCH_BYTES = 1 << 20
/** Reading this many bytes too many costs less than a second read. */
const GAP_BYTES = 16 * 1024

interface Bounds {
  readonly from: number
  readonly to: number
}

/** Some positions, of one segment, in the order in which they are wanted. */
interface Fetch {
  readonly segment: Segment
  readonly positions: readonly number[]
}

type Step = { readonly fetch: Fetch } | { readonly missing: Bounds }

export class Reader {
  constructor(private readonly log: Log) {}

  /** Up to `head`, which is taken when the read is asked for and not when its first event is. */
  async *read(request: ReadRequest, head = this.log.head): AsyncGenerator<StoredEvent, void, void> {
    const bounds = await withSoundIndexes(this.log, () => this.bounds(request, head))
    let left = request.limit ?? Number.POSITIVE_INFINITY
    const filter = request.filter
    const steps = this.steps(request, bounds)
    let ahead = this.perform(steps.next(), request)
    while (left > 0) {
      const events = await ahead
      if (events === undefined) return
      ahead = this.perform(steps.next(), request)
      // Whoever stops reading early must not be told of a fault in what was read ahead.
      ahead.catch(() => undefined)
      for (const event of events) {
        if (filter !== undefined && !filterMatches(filter, event)) continue
        yield event
        if (--left === 0) return
      }
    }
  }

  /** One event by position; undefined when no segment holds it. */
  async at(position: number): Promise<StoredEvent | undefined> {
    const segment = segmentOf(this.log.segments(), position)
    if (segment === undefined) {
      this.refuseIfMissing(position)
      return undefined
    }
    const [event] = await this.fetch({ segment, positions: [position] }, {})
    return event
  }

  private bounds(request: ReadRequest, head: number): Bounds {
    let from = Math.max(this.log.firstPosition, (request.after ?? 0) + 1)
    let to = Math.min(head, (request.before ?? Number.POSITIVE_INFINITY) - 1)
    const segments = this.log.segments()
    if (request.since !== undefined)
      from = Math.max(from, firstAtOrAfter(segments, nanoseconds(request.since), from, to))
    if (request.until !== undefined)
      to = Math.min(to, firstAtOrAfter(segments, nanoseconds(request.until), from, to) - 1)
    return { from, to }
  }

  private async perform(
    next: Promise<IteratorResult<Step>>,
    request: ReadRequest,
  ): Promise<readonly StoredEvent[] | undefined> {
    const step = await next
    if (step.done === true) return undefined
    if ('fetch' in step.value) return this.fetch(step.value.fetch, request)
    const { from, to } = step.value.missing
    this.damaged(request, { from, to, where: 'no segment', reason: 'the segment is missing' })
    return []
  }

  /** What to fetch, in order. Segments are looked up anew at each step: one may have been archived meanwhile. */
  private async *steps(request: ReadRequest, { from, to }: Bounds): AsyncGenerator<Step, void, void> {
    const down = request.order === 'desc'
    let at = down ? to : from
    const size = new FetchSize(request.limit)
    while (down ? at >= from : at <= to) {
      const segments = this.log.segments()
      const segment = segmentOf(segments, at)
      if (segment === undefined) {
        const missing = gapAround(segments, at, { from, to })
        yield { missing }
        at = down ? missing.from - 1 : missing.to + 1
        continue
      }
      const part = { from: Math.max(from, segment.firstPosition), to: Math.min(to, segment.lastPosition) }
      const wanted = await withSoundIndexes(this.log, () => this.wanted(segment, request, part))
      for (const positions of slices(wanted ?? part, { segment, down, size })) yield { fetch: { segment, positions } }
      at = down ? part.from - 1 : part.to + 1
    }
  }

  /** Ascending positions worth reading, or undefined for all. Positions known to be damaged are among them: never a silent gap. */
  private wanted(segment: Segment, request: ReadRequest, part: Bounds): Uint32Array | undefined {
    if (request.filter === undefined) return undefined
    const found = candidates(segment.postings, request.filter)
    if (found === undefined) return undefined
    const first = segment.firstPosition
    const damaged = this.log.damage.flatMap(({ from, to }) =>
      ordinalsBetween(Math.max(from, part.from) - first, Math.min(to, part.to) - first),
    )
    const inPart = between(found, part.from - first, part.to - first + 1)
    const ordinals = damaged.length === 0 ? inPart : union([inPart, Uint32Array.from(damaged)])
    // Copied, because a view into the lists does not outlive the next append.
    return ordinals.map(ordinal => ordinal + first)
  }

  private async fetch({ segment, positions }: Fetch, request: ReadRequest): Promise<StoredEvent[]> {
    try {
      return await withSoundIndexes(this.log, () => this.fetchFrom(segment, positions, request))
    } catch (error) {
      const moved =
        diskErrorCode(error) === 'ENOENT' ? segmentOf(this.log.segments(), positions[0] as number) : undefined
      if (moved !== undefined && moved !== segment) return this.fetchFrom(moved, positions, request)
      if (diskErrorCode(error) === undefined) throw error
      throw new StoreError('STORAGE_UNAVAILABLE', `reading ${segment.name} failed: ${diskErrorCode(error)}`, {
        cause: error,
      })
    }
  }

  private async fetchFrom(
    segment: Segment,
    positions: readonly number[],
    request: ReadRequest,
  ): Promise<StoredEvent[]> {
    const first = segment.firstPosition
    const extents = coalesce(segment, positions)
    const bytes = await Promise.all(extents.map(({ offset, end }) => segment.source.read(offset, end - offset)))
    const events: StoredEvent[] = []
    for (const [at, { offset, members }] of extents.entries()) {
      for (const position of members) {
        const checked = this.checked(segment, position - first, { bytes: bytes[at] as Buffer, base: offset }, request)
        const event = checked instanceof Promise ? await checked : checked
        if (event !== undefined) events.push(event)
      }
    }
    return events
  }

  private checked(
    segment: Segment,
    ordinal: number,
    read: { readonly bytes: Buffer; readonly base: number },
    request: ReadRequest,
  ): StoredEvent | undefined | Promise<StoredEvent | undefined> {
    try {
      return eventIn(segment, ordinal, read.bytes, read.base)
    } catch (error) {
      if (!(error instanceof DamagedEvent)) throw error
      return this.secondOpinion(segment, error, request)
    }
  }

  /** Was it the index that pointed to the wrong place, or is the log itself damaged? */
  private async secondOpinion(
    segment: Segment,
    error: DamagedEvent,
    request: ReadRequest,
  ): Promise<StoredEvent | undefined> {
    const ordinal = error.position - segment.firstPosition
    const known = this.log.damage.some(({ from, to }) => from <= error.position && error.position <= to)
    if (segment instanceof SealedSegment && !known) {
      await this.log.rebuildIndexOf(segment)
      const offset = segment.postings.offset(ordinal)
      const bytes = await segment.source.read(offset, segment.postings.end(ordinal) - offset)
      try {
        return eventIn(segment, ordinal, bytes, offset)
      } catch (again) {
        if (!(again instanceof DamagedEvent)) throw again
      }
    }
    const { position } = error
    const where = `${error.segment} at byte ${error.offset}`
    const reason = 'an event does not have the hash it was stored with'
    this.log.noteDamage({ firstPosition: segment.firstPosition, from: position, to: position, where, reason })
    this.damaged(request, { from: position, to: position, where, reason })
    return undefined
  }

  private damaged(request: ReadRequest, range: Bounds & { readonly where: string; readonly reason: string }): void {
    if (request.onDamaged !== undefined) {
      request.onDamaged(range)
      return
    }
    const which = range.from === range.to ? `position ${range.from}` : `positions ${range.from} to ${range.to}`
    throw new StoreError('DATA_CORRUPT', `${which} cannot be read: ${range.reason}`)
  }

  private refuseIfMissing(position: number): void {
    if (position < this.log.firstPosition || position > this.log.head) return
    this.damaged({}, { from: position, to: position, where: 'no segment', reason: 'the segment is missing' })
  }
}

function nanoseconds(time: string | bigint): bigint {
  return typeof time === 'bigint' ? time : parseTime(time)
}

function ordinalsBetween(from: number, to: number): number[] {
  const list: number[] = []
  for (let ordinal = from; ordinal <= to; ordinal++) list.push(ordinal)
  return list
}

function gapAround(segments: readonly Segment[], position: number, { from, to }: Bounds): Bounds {
  const before = segments.findLast(segment => segment.lastPosition < position)
  const after = segments.find(segment => segment.firstPosition > position)
  return {
    from: Math.max(from, (before?.lastPosition ?? 0) + 1),
    to: Math.min(to, (after?.firstPosition ?? Number.POSITIVE_INFINITY) - 1),
  }
}

/** How many events the next fetch asks for: what the limit wants, else more and more. */
class FetchSize {
  private planned = 0
  private size = FIRST_FETCH_EVENTS

  constructor(private readonly limit: number | undefined) {}

  next(): number {
    const wanted = this.limit === undefined ? 0 : this.limit - this.planned
    // Events that the filter sorts out after all leave the limit unmet: then it goes on in small steps.
    const size = wanted > 0 ? Math.min(wanted, FETCH_EVENTS) : this.size
    if (this.limit === undefined) this.size = Math.min(FETCH_EVENTS, this.size * 4)
    this.planned += size
    return size
  }
}

/** Cuts the wanted positions into fetches of bounded count and bytes, in the order asked for. */
function* slices(
  wanted: Uint32Array | Bounds,
  { segment, down, size }: { readonly segment: Segment; readonly down: boolean; readonly size: FetchSize },
): Generator<number[]> {
  const { firstPosition, postings } = segment
  const total = wanted instanceof Uint32Array ? wanted.length : wanted.to - wanted.from + 1
  for (let done = 0; done < total; ) {
    const most = Math.min(size.next(), total - done)
    const positions: number[] = []
    for (let bytes = 0; positions.length < most && bytes < FETCH_BYTES; done++) {
      const at = down ? total - 1 - done : done
      const position = wanted instanceof Uint32Array ? (wanted[at] as number) : wanted.from + at
      bytes += postings.end(position - firstPosition) - postings.offset(position - firstPosition)
      positions.push(position)
    }
    yield positions
  }
}

interface Extent {
  readonly offset: number
  end: number
  /** In the order asked for. */
  readonly members: number[]
}

/** One read for what lies close together. */
function coalesce(segment: Segment, positions: readonly number[]): Extent[] {
  const extents: Extent[] = []
  const down = positions.length > 1 && (positions[0] as number) > (positions[1] as number)
  const ascending = down ? positions.toReversed() : positions
  for (const position of ascending) {
    const ordinal = position - segment.firstPosition
    const offset = segment.postings.offset(ordinal)
    const end = segment.postings.end(ordinal)
    const last = extents.at(-1)
    if (last !== undefined && offset - last.end <= GAP_BYTES && end - last.offset <= FETCH_BYTES) {
      last.end = end
      last.members.push(position)
    } else extents.push({ offset, end, members: [position] })
  }
  if (!down) return extents
  for (const extent of extents) extent.members.reverse()
  return extents.reverse()
}
