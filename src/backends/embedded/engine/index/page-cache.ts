// Caches the pages of all sealed indexes up to a number of bytes; the clock algorithm chooses the page to evict.
import { FilterBudget } from './filter-budget.js'
import { PAGE_BYTES } from './index-format.js'

const DEFAULT_BYTES = 8 * 1024 * 1024
/** With fewer pages a lookup would evict what it is about to use. */
const LEAST_PAGES = 8

/** A page is valid only until the next one is read, because its memory may hold another page then. */
export interface CachedPage {
  readonly bytes: Uint8Array
  readonly view: DataView
}

export interface PageOwner {
  /** The first position of the segment. */
  readonly firstPosition: number
  /** The owner's pages in memory, by number. Only the cache may change the map. */
  readonly resident: Map<number, CachedPage>
  /** Reads and verifies a page; throws if it cannot. */
  load(into: Uint8Array, number: number): void
}

class Frame implements CachedPage {
  readonly bytes = Buffer.allocUnsafeSlow(PAGE_BYTES)
  readonly view = new DataView(this.bytes.buffer)
  owner: PageOwner | undefined
  number = 0
  used = false
}

export class PageCache {
  private readonly frames: Frame[] = []
  /** The owners that have pages in memory, by the first position of their segment. */
  private readonly owners = new Map<number, PageOwner>()
  private capacity: number
  private hand = 0

  constructor(
    byteBudget = DEFAULT_BYTES,
    readonly filters = new FilterBudget(),
  ) {
    this.capacity = pagesIn(byteBudget)
  }

  /** Pages beyond the new budget are dropped at once. */
  resize(byteBudget: number): void {
    this.capacity = pagesIn(byteBudget)
    for (const frame of this.frames.splice(this.capacity)) this.take(frame)
    this.hand = 0
  }

  /** The bytes of the pages in memory. */
  get bytes(): number {
    return this.frames.length * PAGE_BYTES
  }

  page(owner: PageOwner, number: number): CachedPage {
    const held = owner.resident.get(number) as Frame | undefined
    if (held !== undefined) {
      held.used = true
      return held
    }
    const frame = this.free()
    // If this throws, the frame has no owner, so it can be taken again.
    owner.load(frame.bytes, number)
    frame.owner = owner
    frame.number = number
    if (owner.resident.size === 0) this.owners.set(owner.firstPosition, owner)
    owner.resident.set(number, frame)
    return frame
  }

  /** An index that is opened again uses this to find those of its pages that are still in memory. */
  ownerOf(firstPosition: number): PageOwner | undefined {
    return this.owners.get(firstPosition)
  }

  /** Drops every page of an index that is closed. */
  forget(owner: PageOwner): void {
    for (const frame of owner.resident.values()) (frame as Frame).owner = undefined
    owner.resident.clear()
    this.disown(owner)
  }

  private disown(owner: PageOwner): void {
    if (this.owners.get(owner.firstPosition) === owner) this.owners.delete(owner.firstPosition)
  }

  private take(frame: Frame): Frame {
    const { owner } = frame
    frame.owner = undefined
    owner?.resident.delete(frame.number)
    if (owner?.resident.size === 0) this.disown(owner)
    return frame
  }

  private free(): Frame {
    if (this.frames.length < this.capacity) {
      const frame = new Frame()
      this.frames.push(frame)
      return frame
    }
    for (;;) {
      const frame = this.frames[this.hand] as Frame
      this.hand = (this.hand + 1) % this.frames.length
      if (frame.owner !== undefined && frame.used) {
        frame.used = false
        continue
      }
      return this.take(frame)
    }
  }
}

function pagesIn(bytes: number): number {
  return Math.max(LEAST_PAGES, Math.floor(bytes / PAGE_BYTES))
}
