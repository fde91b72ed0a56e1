// Cuts what is wanted of a segment into fetches that are bounded in events and bytes, in the order of the read.
import type { Segment } from './engine/segment/sealed-segment.js'
import { type EntryPlace, placeOf } from './entry-reader.js'

const FIRST_FETCH_EVENTS = 32
const FETCH_EVENTS = 1_024
const FETCH_BYTES = 1 << 20
/** A read without a limit holds two fetches for as long as a slow reader likes, so it fetches less at once. */
const ENDLESS_FETCH_BYTES = FETCH_BYTES / 2
/** Reading this many unwanted bytes costs less than a second read. */
const GAP_BYTES = 4 * 1024

/** Chooses how many events the next fetch takes: what the limit still needs, or more each time without a limit. */
export class FetchSize {
  private planned = 0
  private size = FIRST_FETCH_EVENTS

  constructor(private readonly limit: number | undefined) {}

  get bytes(): number {
    return this.limit === undefined ? ENDLESS_FETCH_BYTES : FETCH_BYTES
  }

  next(): number {
    const wanted = this.limit === undefined ? 0 : this.limit - this.planned
    // Events that the filter rejects after all leave the limit unmet; the read then goes on in small steps.
    if (wanted > 0) return Math.min(wanted, FETCH_EVENTS)
    if (this.limit === undefined) this.size = Math.min(FETCH_EVENTS, this.size * 4)
    return this.size
  }

  took(count: number): void {
    this.planned += count
  }
}

/** Ascending ordinals of one segment: all between two, both inclusive, or those of a list. */
export type Wanted = { readonly from: number; readonly to: number } | Uint32Array

export class Slicer {
  private done = 0
  private readonly total: number

  constructor(
    private readonly segment: Segment,
    private readonly wanted: Wanted,
    private readonly down: boolean,
    private readonly size: FetchSize,
  ) {
    this.total = wanted instanceof Uint32Array ? wanted.length : wanted.to - wanted.from + 1
  }

  /** Empty at the end. Nothing has changed when the index throws, so the call can be repeated after a rebuild. */
  next(): EntryPlace[] {
    const places: EntryPlace[] = []
    const most = Math.min(this.size.next(), this.total - this.done)
    for (let bytes = 0; places.length < most && bytes < this.size.bytes; ) {
      const place = placeOf(this.segment, this.segment.firstPosition + this.ordinal(this.done + places.length))
      places.push(place)
      bytes += place.end - place.offset
    }
    this.done += places.length
    this.size.took(places.length)
    return places
  }

  private ordinal(step: number): number {
    const at = this.down ? this.total - 1 - step : step
    return this.wanted instanceof Uint32Array ? (this.wanted[at] as number) : this.wanted.from + at
  }
}

export interface Extent {
  readonly offset: number
  end: number
  /** In the order of the read. */
  readonly members: EntryPlace[]
}

/** Joins places that lie close together, so that they cost one read. */
export function coalesce(places: readonly EntryPlace[]): Extent[] {
  const extents: Extent[] = []
  const down = places.length > 1 && (places[0] as EntryPlace).position > (places[1] as EntryPlace).position
  for (const place of down ? places.toReversed() : places) {
    const last = extents.at(-1)
    if (last !== undefined && place.offset - last.end <= GAP_BYTES && place.end - last.offset <= FETCH_BYTES) {
      last.end = place.end
      last.members.push(place)
    } else extents.push({ offset: place.offset, end: place.end, members: [place] })
  }
  if (!down) return extents
  for (const extent of extents) extent.members.reverse()
  return extents.reverse()
}

/** A larger piece always goes to the thread pool, so the event loop makes a round before its bytes arrive. */
export const SMALL_BYTES = 64 * 1024
/** A read that takes longer came from the disk and not from the system's cache. */
const CACHED_MS = 0.3

/** This many reads go to the thread pool after one that had to wait for the disk. */
const WARY_READS = 1_000

/**
 * Small pieces are read synchronously, at 1 us each instead of 10 and a turn of two threads, as long as they come from
 * the system's cache. A slow one sends the next ones to the thread pool, so that the event loop waits for a cold disk
 * once and not for every piece.
 */
export class PieceReader {
  private wary = 0

  readAll(segment: Segment, extents: readonly Extent[]): Promise<Buffer[]> {
    const pieces: (Buffer | Promise<Buffer>)[] = []
    try {
      for (const { offset, end } of extents) pieces.push(this.read(segment, offset, end - offset))
    } catch (error) {
      // The reads begun before it have to end first, because their own failures would be unhandled.
      return Promise.allSettled(pieces).then(() => {
        throw error
      })
    }
    return Promise.all(pieces)
  }

  private read({ source }: Segment, offset: number, length: number): Buffer | Promise<Buffer> {
    if (this.wary > 0 || length > SMALL_BYTES) {
      this.wary = Math.max(0, this.wary - 1)
      return source.read(offset, length)
    }
    const started = performance.now()
    const bytes = source.readSync(offset, length)
    if (performance.now() - started >= CACHED_MS) this.wary = WARY_READS
    return bytes
  }
}
