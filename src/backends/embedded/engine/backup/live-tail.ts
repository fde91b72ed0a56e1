// Finds how far the segment that another process writes to is surely durable, without asking the writer.
import type { DiskFile } from '../disk/disk.js'
import { FOOTER_BYTES, parseFooter } from '../format/footer.js'
import type { Frame } from '../format/frame.js'
import { HEADER_BLOCK_BYTES, parseMarks, type SegmentIdentity } from '../format/segment-header.js'
import { FrameCursor } from '../segment/frame-cursor.js'
import { PlainBytes } from '../segment/segment-bytes.js'

export interface FrameEnd {
  readonly end: number
  readonly nextPosition: number
  readonly chain: Buffer
}

const LOOK_AGAIN_MS = 5

/**
 * Whole frames can be seen here before their sync has returned. One that is cut off again was never acknowledged, so a
 * copy must not have it. Only the writer proves what is durable: by its next batch, by the mark that it writes when it
 * is idle, or by a footer.
 */
export class LiveTail {
  private proven: FrameEnd
  private unproven: FrameEnd[] = []
  private durable = 0

  constructor(
    private readonly file: DiskFile,
    private readonly identity: SegmentIdentity,
  ) {
    this.proven = { end: HEADER_BLOCK_BYTES, nextPosition: identity.firstPosition, chain: identity.prev }
  }

  /**
   * Returns the end of everything that was acknowledged before the call and cannot be taken back any more, or the
   * offset at which it is damaged. `proofMs` is how long to wait for the writer to prove that it is durable.
   */
  async settled(proofMs: number): Promise<FrameEnd | number> {
    const deadline = performance.now() + proofMs
    await this.advance()
    const wanted = this.seen
    while (this.proven.end < wanted.end && this.durable <= this.seen.end && performance.now() < deadline) {
      await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN_MS))
      await this.advance()
    }
    const { end } = this.seen
    if (this.durable > end || (await this.provesMore(end))) return end
    if (this.proven.end >= wanted.end) return this.proven
    // The writer is gone, or idle without writing marks. The copy takes what is there, as the next start would.
    await this.file.sync()
    return wanted
  }

  private get seen(): FrameEnd {
    return this.unproven.at(-1) ?? this.proven
  }

  /** Walks on to the last frame that is whole by now. Bytes that were read too early are read again the next time. */
  private async advance(): Promise<void> {
    const size = await this.file.size()
    const source = new PlainBytes(this.file, size)
    // The mark is read before the frames, because what it covers was written before it.
    const { newest } = parseMarks(await source.read(0, HEADER_BLOCK_BYTES))
    this.durable = Math.max(this.durable, newest?.durable ?? 0)
    const cursor = new FrameCursor(source, this.identity.salt, this.seen.end, size)
    for (let step = await cursor.next(); step !== 'end' && 'frame' in step; step = await cursor.next()) {
      if (!this.continuedBy(step.frame)) break
      this.accept(step.frame)
    }
    const { end } = this.seen
    const footer = parseFooter(await source.read(end, FOOTER_BYTES))
    if (footer?.dataEnd === end) this.durable = Math.max(this.durable, end)
    this.believe()
  }

  private continuedBy(frame: Frame): boolean {
    const { nextPosition, chain } = this.seen
    return frame.firstPosition === nextPosition && frame.prev.equals(chain) && frame.items.every(item => item.intact)
  }

  private accept(frame: Frame): void {
    const nextPosition = frame.firstPosition + frame.items.length
    this.unproven.push({ end: frame.end, nextPosition, chain: Buffer.from(frame.hash) })
    if (frame.durable <= this.durable) return
    this.durable = frame.durable
    this.believe()
  }

  private believe(): void {
    const beyond = this.unproven.findIndex(({ end }) => end > this.durable)
    const proven = beyond < 0 ? this.unproven.splice(0) : this.unproven.splice(0, beyond)
    this.proven = proven.at(-1) ?? this.proven
  }

  /** True when a frame further on proves that the bytes at `end`, which are no frame now, had been durable. */
  private async provesMore(end: number): Promise<boolean> {
    const size = await this.file.size()
    const cursor = new FrameCursor(new PlainBytes(this.file, size), this.identity.salt, end, size)
    for (let from = end + 1; ; ) {
      const frame = await cursor.seek(from)
      if (frame === undefined) return false
      if (frame.durable > end) break
      from = frame.end
    }
    // The bytes in between may have been written meanwhile, so only what is still no frame is damaged.
    await this.advance()
    return this.seen.end === end
  }
}
