// Frames that have come and are not handled yet, in their order: their token is being looked at, or their turn is over.
import { FRAME_LIMITS } from '../streaming/frame-limits.js'

export interface CameFrame {
  readonly bytes: Buffer
  readonly isBinary: boolean
}

export class Inbox {
  /** What is kept for them. */
  weight = 0
  private frames: CameFrame[] = []
  private next = 0

  get length(): number {
    return this.frames.length - this.next
  }

  push(frame: CameFrame): void {
    this.frames.push(frame)
    this.weight += weightOf(frame)
  }

  /** The first one. */
  shift(): CameFrame | undefined {
    const frame = this.frames[this.next]
    if (frame === undefined) return undefined
    this.next++
    this.weight -= weightOf(frame)
    if (this.next === this.frames.length) this.clear()
    return frame
  }

  clear(): void {
    this.frames = []
    this.next = 0
    this.weight = 0
  }
}

function weightOf({ bytes }: CameFrame): number {
  return Math.max(bytes.length, FRAME_LIMITS.pieceBytes)
}
