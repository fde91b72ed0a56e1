// Counts what a socket sends by the headers of its frames, before the library keeps any of it. Pure.
import { FRAME_LIMITS } from '../streaming/frame-limits.js'

const CONTINUATION = 0
/** Opcodes from here on belong to control frames, which may come between the frames of a message. */
const FIRST_CONTROL = 8
const LONGEST_HEAD = 14
const MASK_BYTES = 4
const HIGH_WORD = 2 ** 32

export class FrameMeter {
  /** Complete messages, and control frames between messages. */
  frames = 0
  /** All bytes that have come. */
  total = 0
  /** The payload bytes that the frames of the unfinished message have announced so far. */
  announced = 0
  /** Bytes kept since the unfinished message began, with control frames between its frames; 0 between messages. */
  unfinished = 0
  private readonly head = Buffer.alloc(LONGEST_HEAD)
  private headBytes = 0
  private headLength = 2
  private payloadLeft = 0
  /** True when the current frame completes the message, or is a control frame between messages. */
  private isLast = false
  private inMessage = false

  take(chunk: Buffer): void {
    const { length } = chunk
    this.total += length
    let keptFrom = 0
    for (let at = 0; at < length; ) {
      if (this.payloadLeft > 0) {
        const step = Math.min(this.payloadLeft, length - at)
        at += step
        this.payloadLeft -= step
      } else {
        this.head[this.headBytes++] = chunk[at++] as number
        if (this.headBytes === 2) this.headLength = headLengthOf(this.head[1] as number)
        if (this.headBytes < this.headLength) continue
        this.begin()
      }
      if (this.payloadLeft > 0 || !this.isLast) continue
      this.finish()
      keptFrom = at
    }
    if (keptFrom < length) this.unfinished += Math.max(length - keptFrom, FRAME_LIMITS.pieceBytes)
  }

  private begin(): void {
    const first = this.head[0] as number
    const opcode = first & 0x0f
    this.headBytes = 0
    this.headLength = 2
    this.payloadLeft = this.announcedLength()
    const isFinal = (first & 0x80) !== 0
    if (opcode >= FIRST_CONTROL) {
      this.isLast = !this.inMessage
      return
    }
    if (opcode !== CONTINUATION) this.announced = 0
    this.announced += this.payloadLeft
    this.inMessage = !isFinal
    this.isLast = isFinal
  }

  private finish(): void {
    this.frames++
    this.isLast = false
    this.announced = 0
    this.unfinished = 0
  }

  private announcedLength(): number {
    const short = (this.head[1] as number) & 0x7f
    if (short < 126) return short
    if (short === 126) return this.head.readUInt16BE(2)
    return this.head.readUInt32BE(2) * HIGH_WORD + this.head.readUInt32BE(6)
  }
}

function headLengthOf(second: number): number {
  const short = second & 0x7f
  const wide = short === 126 ? 2 : short === 127 ? 8 : 0
  return 2 + wide + ((second & 0x80) === 0 ? 0 : MASK_BYTES)
}
