// Walks the bytes of a segment frame by frame, a chunk in memory at a time.
import { FRAME_HEADER_BYTES, FRAME_MAGIC, type Frame, type FrameFault, parseFrame } from '../format/frame.js'
import type { SegmentBytes } from './segment-bytes.js'

const CHUNK_BYTES = 1 << 20
const MAGIC = Buffer.alloc(4)
MAGIC.writeUInt32LE(FRAME_MAGIC)

export type Step = { readonly frame: Frame } | { readonly fault: FrameFault; readonly at: number } | 'end'

export class FrameCursor {
  private bytes: Buffer = Buffer.alloc(0)
  private base = 0

  constructor(
    private readonly source: SegmentBytes,
    private readonly salt: number,
    public at: number,
    private readonly end: number,
  ) {}

  /** Returns the frame at `at` and moves behind it. On a fault the cursor stays where it is. */
  async next(): Promise<Step> {
    let wanted = FRAME_HEADER_BYTES
    for (;;) {
      if (this.at >= this.end) return 'end'
      await this.hold(this.at, wanted)
      const parsed = parseFrame(this.bytes, this.at - this.base, this.base, this.salt)
      if ('frame' in parsed) {
        this.at = parsed.frame.end
        return parsed
      }
      if ('fault' in parsed) return { fault: parsed.fault, at: this.at }
      if (this.at + parsed.needs > this.end) return { fault: 'short', at: this.at }
      wanted = parsed.needs
    }
  }

  /** Returns the next whole, self-consistent frame at or behind `from`, wherever it begins, and moves behind it. */
  async seek(from: number): Promise<Frame | undefined> {
    let at = from
    while (at < this.end) {
      await this.hold(at, CHUNK_BYTES)
      const found = this.bytes.indexOf(MAGIC, at - this.base)
      if (found < 0) {
        const held = this.base + this.bytes.length
        if (held >= this.end) return undefined
        at = Math.max(at + 1, held - MAGIC.length + 1)
        continue
      }
      this.at = this.base + found
      const step = await this.next()
      if (step !== 'end' && 'frame' in step) return step.frame
      at = (step === 'end' ? this.end : step.at) + 1
    }
    return undefined
  }

  /** Makes sure that `length` bytes from `offset` are in memory, or all there are. */
  private async hold(offset: number, length: number): Promise<void> {
    const upTo = Math.min(this.end, offset + length)
    if (offset >= this.base && upTo <= this.base + this.bytes.length) return
    this.bytes = await this.source.read(offset, Math.min(this.end - offset, Math.max(length, CHUNK_BYTES)))
    this.base = offset
    // The file is shorter than when it was opened. The gap must not be taken for zeros, which would mean a torn end.
    if (this.base + this.bytes.length < upTo) throw Object.assign(new Error('read ended early'), { code: 'EIO' })
  }
}
