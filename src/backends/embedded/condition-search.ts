// Finds the first durable event that a condition names; a search that runs out of time goes on where it stopped.
import type { Condition, ConditionItem } from '../../contract/condition.js'
import { itemMatches } from '../../contract/condition.js'
import type { StoredEvent } from '../../record/record.js'
import type { Log } from './engine/log.js'
import type { Segment } from './engine/segment/sealed-segment.js'
import type { SegmentList } from './engine/segment/segment-list.js'
import { readEventSync } from './entry-reader.js'
import { between, lowerBound } from './ordinal-sets.js'
import { KIND } from './terms.js'

/** Says when a search has to stop for now; a `Turn` is one. */
export interface Patience {
  readonly isOver: boolean
}

/** Bounds a search inside the writer, which must not give up the event loop in the middle of a decision. */
export class SearchAllowance implements Patience {
  private until = 0

  constructor(private readonly ms: number) {}

  begin(): this {
    this.until = performance.now() + this.ms
    return this
  }

  get isOver(): boolean {
    return performance.now() >= this.until
  }
}

/**
 * The log only grows, so an event that did not match never will: no step is repeated, whether the writer or a search
 * beside it took it. A match stays the first one until retention removes it.
 */
export class ConditionSearch {
  readonly after: number
  private readonly items: readonly ConditionItem[]
  /** No event after `after` and before this position matches. */
  private next: number
  private match: StoredEvent | undefined
  private inSegment: SegmentSearch | undefined

  constructor({ failIfEventsMatch: { items }, after = 0 }: Condition) {
    this.after = after
    this.next = after + 1
    this.items = distinct(items)
  }

  /** As of the last `advance` that answered true. */
  get found(): StoredEvent | undefined {
    return this.match
  }

  matches(event: { readonly type: string; readonly tags: readonly string[] }): boolean {
    return this.items.some(item => itemMatches(item, event))
  }

  /** Whether nothing is left to search: a match is known, or everything durable has been looked at. */
  isThrough(log: Log): boolean {
    return this.match !== undefined ? this.match.position >= log.firstPosition : this.next > log.head
  }

  /** Goes on where the last call stopped; answers false when time ran out. Throws what reading an event throws. */
  advance(log: Log, patience: Patience): boolean {
    if (this.match !== undefined && this.match.position < log.firstPosition) {
      this.next = this.match.position + 1
      this.match = undefined
    }
    const to = log.head
    const segments = log.segments()
    while (this.match === undefined && this.next <= to) {
      const segment = segmentFrom(segments, this.next)
      if (segment === undefined) break
      if (!this.lookThrough(segment, Math.min(segment.lastPosition, to), patience)) return false
      if (this.match === undefined && this.next <= to && patience.isOver) return false
    }
    if (this.match === undefined) this.next = Math.max(this.next, to + 1)
    return true
  }

  private lookThrough(segment: Segment, to: number, patience: Patience): boolean {
    if (this.inSegment?.firstPosition !== segment.firstPosition) {
      this.inSegment = new SegmentSearch(segment.firstPosition, this.next, to)
    }
    const search = this.inSegment
    if (!search.advance(segment, this.items, patience)) return false
    this.inSegment = undefined
    this.match = search.found
    this.next = search.to + 1
    return true
  }
}

/** The segment that holds the position, or the next one when the position is retired or missing. */
function segmentFrom(segments: SegmentList, position: number): Segment | undefined {
  const count = segments.countUpTo(position)
  if (count > 0) {
    const segment = segments.at(count - 1)
    if (segment.lastPosition >= position) return segment
  }
  return count < segments.length ? segments.at(count) : undefined
}

/** Equal items, and equal values of one item, are merged, because each would cost a search of its own. */
function distinct(items: readonly ConditionItem[]): readonly ConditionItem[] {
  if (items.length === 1) return items
  const byText = new Map<string, ConditionItem>()
  for (const { types = [], tags = [] } of items) {
    const item = { types: [...new Set(types)].sort(), tags: [...new Set(tags)].sort() }
    byText.set(JSON.stringify(item), item)
  }
  return [...byText.values()]
}

/**
 * Searches one segment up to what was durable when the search came to it. It keeps ordinals, because they stay valid
 * when the segment is sealed or archived.
 */
class SegmentSearch {
  found: StoredEvent | undefined
  private item = 0
  private inItem: ItemSearch | undefined

  constructor(
    readonly firstPosition: number,
    private readonly from: number,
    readonly to: number,
  ) {}

  advance(segment: Segment, items: readonly ConditionItem[], patience: Patience): boolean {
    for (; this.item < items.length; this.item++) {
      this.inItem ??= new ItemSearch(items[this.item] as ConditionItem, this.from - this.firstPosition, this.end)
      if (!this.inItem.advance(segment, patience)) return false
      this.found = this.inItem.found ?? this.found
      this.inItem = undefined
      if (this.item + 1 < items.length && patience.isOver) {
        this.item++
        return false
      }
    }
    return true
  }

  /** Only an event before the best match so far can be a better one. */
  private get end(): number {
    return (this.found === undefined ? this.to + 1 : this.found.position) - this.firstPosition
  }
}

const NEVER = Number.POSITIVE_INFINITY
/** Lists looked up between two readings of the clock. */
const SEEKS_A_LOOK = 256

/**
 * Finds the first event of a segment that one item names. It leaps through the lists together and never unites them, so
 * that its work ends at the first match.
 */
class ItemSearch {
  found: StoredEvent | undefined
  /** Lists of the tags: each of them must hold the event. */
  private readonly all: Cursor[] = []
  /** Lists of the types: one of them must hold the event, if the item names types. */
  private readonly any: Cursor[] = []
  private opened = 0

  constructor(
    private readonly item: ConditionItem,
    private at: number,
    private readonly end: number,
  ) {}

  advance(segment: Segment, patience: Patience): boolean {
    const { tags = [], types = [] } = this.item
    const lists = tags.length + types.length
    while (this.opened < lists) {
      if (!this.open(segment, tags, types)) return true
      // Each call opens at least one list, so that the search comes to an end however little time it gets.
      if (++this.opened < lists && patience.isOver) return false
    }
    if (types.length > 0 && this.any.length === 0) return true
    return this.leap(segment, patience)
  }

  /** Answers false when no event can match, because a tag has none. */
  private open(segment: Segment, tags: readonly string[], types: readonly string[]): boolean {
    const isTag = this.opened < tags.length
    const text = (isTag ? tags[this.opened] : types[this.opened - tags.length]) as string
    const ordinals = segment.postings.ordinals(isTag ? KIND.tag : KIND.type, text)
    const list = between(ordinals, this.at, this.end)
    if (list.length > 0) (isTag ? this.all : this.any).push(new Cursor(list))
    else if (isTag) return false
    // The shortest list comes first, because its leaps are the longest.
    if (this.opened === tags.length - 1) this.all.sort((one, other) => one.length - other.length)
    return true
  }

  private leap(segment: Segment, patience: Patience): boolean {
    const seeksAPass = this.all.length + this.any.length
    let seeks = 0
    while (this.at < this.end) {
      const at = this.candidate(this.at)
      if (at === NEVER) return true
      if (at > this.at) this.at = at
      else if (this.isMatch(segment)) return true
      else this.at++
      seeks += seeksAPass
      if (seeks < SEEKS_A_LOOK) continue
      if (patience.isOver) return false
      seeks = 0
    }
    return true
  }

  /** `from` itself when all lists agree on it, else the next ordinal that may match. */
  private candidate(from: number): number {
    let at = from
    for (const cursor of this.all) at = cursor.seek(at)
    if (at > from || this.any.length === 0) return at
    let first = NEVER
    for (const cursor of this.any) first = Math.min(first, cursor.seek(at))
    return first
  }

  /** A sealed list may name events without the term, because it knows terms by their hash: the event itself decides. */
  private isMatch(segment: Segment): boolean {
    const event = readEventSync(segment, segment.firstPosition + this.at)
    if (!itemMatches(this.item, event)) return false
    this.found = event
    return true
  }
}

/** Goes forward through an ascending list in doubling steps, so that a long leap takes few comparisons. */
class Cursor {
  private at = 0

  constructor(private readonly list: Uint32Array) {}

  get length(): number {
    return this.list.length
  }

  /** The first ordinal that is at least `wanted`, which must not decrease from one call to the next. */
  seek(wanted: number): number {
    const { list } = this
    if (wanted === NEVER) return NEVER
    let step = 1
    let high = this.at
    while (high < list.length && (list[high] as number) < wanted) {
      this.at = high + 1
      high += step
      step *= 2
    }
    this.at = lowerBound(list, wanted, this.at, Math.min(high, list.length))
    return this.at < list.length ? (list[this.at] as number) : NEVER
  }
}
