// The segment that the writer writes to, as far as its follower has walked it.
import { basename } from 'node:path'
import type { Turn } from '../../contract/turns.js'
import { diskErrorCode } from '../embedded/engine/disk/disk.js'
import {
  ENTRY_HEAD_BYTES,
  FRAME_HEADER_BYTES,
  type Frame,
  frameEntries,
  linkedFrameBytes,
  parseFrame,
} from '../embedded/engine/format/frame.js'
import { HEADER_BLOCK_BYTES, type SegmentIdentity } from '../embedded/engine/format/segment-header.js'
import { ActivePostings } from '../embedded/engine/index/active-postings.js'
import type { ListedSegment } from '../embedded/engine/segment/catalogue.js'
import type { EngineContext } from '../embedded/engine/segment/engine-context.js'
import { FrameCursor } from '../embedded/engine/segment/frame-cursor.js'
import type { Segment } from '../embedded/engine/segment/sealed-segment.js'
import { PooledBytes } from '../embedded/engine/segment/segment-bytes.js'

/** So few bytes were written a moment ago and are in the system's cache, where a synchronous read costs the least. */
const SYNC_BYTES = 256 * 1024
const MOST_BYTES = 512 * 1024
/** Read beyond what the events so far make likely, because a read that is too short is made again. */
const SPARE_BYTES = 1024
/** The share of the newest frame in the mean size of an event. */
const NEWEST = 1 / 8

/** `hashes`: every frame and record has the hash stored with it. `links`: every frame continues the one before. */
export type Proof = 'hashes' | 'links'

/** What `take` returns when it has reached the head, and when no frame follows. */
const REACHED = -1
const STUCK = 0

/** Positions whose bytes are lost, both inclusive; none where `to < from`. */
export interface LostPositions {
  readonly from: number
  readonly to: number
}

export class FollowedTail {
  readonly postings: ActivePostings
  /** The hash of the last frame. */
  readonly chain: Buffer
  end = HEADER_BLOCK_BYTES
  private nextPosition: number
  private meanBytes = 512
  private buffer: Buffer = Buffer.alloc(0)
  private readonly broken: number[] = []

  constructor(
    private readonly context: EngineContext,
    readonly listed: ListedSegment,
    readonly identity: SegmentIdentity,
    private readonly proof: Proof,
  ) {
    this.postings = new ActivePostings(context.indexes.kinds)
    this.chain = Buffer.from(identity.prev)
    this.nextPosition = listed.firstPosition
  }

  get head(): number {
    return this.nextPosition - 1
  }

  /** As far as it has been walked. */
  asSegment(): Segment {
    const { path, firstPosition } = this.listed
    const source = new PooledBytes(this.context.files.pool, path, this.end)
    return { name: basename(path), firstPosition, lastPosition: this.head, postings: this.postings, source }
  }

  /** The positions of which the walk has found since the last call that they do not have their hash. */
  takeBroken(): number[] {
    return this.broken.splice(0)
  }

  /**
   * Walks on to `head`, which must be durable. Resolves with false where no frame follows that continues this segment:
   * it is sealed there, or another file holds it by now, or it is damaged.
   */
  async walk(head: number, turn: Turn): Promise<boolean> {
    let wanted = this.likelyBytes(head)
    while (this.head < head) {
      const needed = this.take(wanted <= SYNC_BYTES ? this.readSync(wanted) : await this.read(wanted), wanted, head)
      if (needed === STUCK) return false
      wanted = Math.max(needed, this.likelyBytes(head))
      if (turn.isOver) await turn.next()
    }
    if (this.buffer.length > MOST_BYTES) this.buffer = Buffer.alloc(0)
    return true
  }

  /** The same at once, for few bytes that are not proven. Returns false when `walk` has to do it, from where this ended. */
  step(head: number): boolean {
    const wanted = this.likelyBytes(head)
    if (this.proof !== 'links' || wanted > SYNC_BYTES) return false
    try {
      return this.take(this.readSync(wanted), wanted, head) === REACHED
    } catch (error) {
      if (diskErrorCode(error) === undefined) throw error
      return false
    }
  }

  /**
   * Passes over bytes that are no frame, to the next frame up to `head`, or to `head` where there is none. Frames beyond
   * it may not be durable.
   */
  async pass(head: number): Promise<LostPositions> {
    const { pool } = this.context.files
    const { path } = this.listed
    const size = await pool.use(path, file => file.size())
    const cursor = new FrameCursor(new PooledBytes(pool, path, size), this.identity.salt, this.end, size)
    const from = this.nextPosition
    for (let at = this.end + 1; ; ) {
      const frame = await cursor.seek(at)
      const isWanted = frame !== undefined && frame.firstPosition <= head
      if (isWanted && frame.firstPosition < from) {
        at = frame.end
        continue
      }
      const to = isWanted ? frame.firstPosition - 1 : head
      for (let position = from; position <= to; position++) this.postings.add(this.end, this.end)
      this.nextPosition = to + 1
      if (!isWanted) return { from, to }
      this.end = frame.offset
      frame.prev.copy(this.chain)
      return { from, to }
    }
  }

  private likelyBytes(head: number): number {
    return Math.min(MOST_BYTES, Math.ceil((head - this.head) * this.meanBytes) + SPARE_BYTES)
  }

  private readSync(wanted: number): Buffer {
    const into = this.room(wanted)
    return into.subarray(0, this.context.files.pool.file(this.listed.path).readSync(into, this.end))
  }

  private async read(wanted: number): Promise<Buffer> {
    const into = this.room(wanted)
    const got = await this.context.files.pool.use(this.listed.path, file => file.read(into, this.end))
    return into.subarray(0, got)
  }

  /** One buffer for all reads, because nothing that is read is kept. */
  private room(wanted: number): Buffer {
    if (this.buffer.length < wanted) this.buffer = Buffer.allocUnsafeSlow(wanted)
    return this.buffer.subarray(0, wanted)
  }

  /** Returns how many bytes from the new end are needed to go on, STUCK or REACHED. */
  private take(bytes: Buffer, wanted: number, head: number): number {
    const needed = this.proof === 'hashes' ? this.takeProven(bytes, head) : this.takeLinked(bytes, head)
    // A read that was cut short has met the end of the file.
    return needed > bytes.length && bytes.length < wanted ? STUCK : needed
  }

  private takeProven(bytes: Buffer, head: number): number {
    const base = this.end
    while (this.head < head) {
      const at = this.end - base
      const parsed = parseFrame(bytes, at, base, this.identity.salt)
      if ('needs' in parsed) return parsed.needs
      if ('fault' in parsed || !this.accept(parsed.frame)) return STUCK
    }
    return REACHED
  }

  /** Makes nothing of a frame but its terms, because it costs each thread as much for every event of all others. */
  private takeLinked(bytes: Buffer, head: number): number {
    const base = this.end
    const { salt } = this.identity
    const link = { salt, nextPosition: this.nextPosition, chain: this.chain }
    while (this.head < head) {
      const at = this.end - base
      if (bytes.length - at < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES
      const size = linkedFrameBytes(bytes, at, link)
      if (size === 0) return STUCK
      if (bytes.length - at < size) return size
      const entries = frameEntries(bytes, at)
      this.index(bytes, at + FRAME_HEADER_BYTES, entries)
      this.meanBytes += (size / entries - this.meanBytes) * NEWEST
      bytes.copy(this.chain, 0, at + size - this.chain.length, at + size)
      this.nextPosition += entries
      link.nextPosition = this.nextPosition
      this.end += size
    }
    return REACHED
  }

  private index(bytes: Buffer, first: number, entries: number): void {
    const base = this.end - (first - FRAME_HEADER_BYTES)
    for (let at = first, left = entries; left > 0; left--) {
      const from = at + ENTRY_HEAD_BYTES
      const end = from + bytes.readUInt32LE(at)
      this.context.indexRecord(bytes, from, this.postings.add(base + at, base + end), this.postings)
      at = end
    }
  }

  private accept(frame: Frame): boolean {
    const { items, firstPosition, end } = frame
    if (firstPosition !== this.nextPosition || !frame.prev.equals(this.chain)) return false
    for (let at = 0; at < items.length; at++) {
      const item = items[at] as Frame['items'][number]
      const ordinal = this.postings.add(item.offset, item.end)
      if (item.intact) this.context.indexRecord(item.record, 0, ordinal, this.postings)
      else this.broken.push(firstPosition + at)
    }
    this.meanBytes += ((end - frame.offset) / items.length - this.meanBytes) * NEWEST
    frame.hash.copy(this.chain)
    this.nextPosition = firstPosition + items.length
    this.end = end
    return true
  }
}
