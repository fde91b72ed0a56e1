// Frames that have come and are not handled yet, in order, because their token is being verified or their turn is over.
import { FRAME_LIMITS } from '../streaming/frame-limits.js'

export interface CameFrame {
  readonly bytes: Buffer
  readonly isBinary: boolean
}

export class Inbox {
  /** Bytes of memory that the frames take, at least `pieceBytes` each. */
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
