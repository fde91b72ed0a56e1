// Cuts what comes over a WebSocket into frames, good or bad, without a judgement: that is for the two at its ends.
import { frameBytes } from '../../support/raw-stream.js'

export interface RawFrame {
  /** As it came. */
  readonly bytes: Buffer
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  /** Without its mask. */
  readonly payload: Buffer
  /** In how many pieces it came. */
  readonly pieces: number
}

export class FrameSplitter {
  private bytes = Buffer.alloc(0)
  private pieces = 0

  /** What has come whole by now. */
  take(more: Buffer): RawFrame[] {
    this.bytes = Buffer.concat([this.bytes, more])
    this.pieces++
    const frames: RawFrame[] = []
    for (let frame = this.next(); frame !== undefined; frame = this.next()) frames.push(frame)
    return frames
  }

  private next(): RawFrame | undefined {
    const { bytes, pieces } = this
    const [first, second] = bytes
    if (first === undefined || second === undefined) return undefined
    const short = second & 0x7f
    const masked = second >= 0x80
    const head = (short === 126 ? 4 : short === 127 ? 10 : 2) + (masked ? 4 : 0)
    if (bytes.length < head) return undefined
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short
    const end = head + length
    if (bytes.length < end) return undefined
    const payload = Buffer.from(bytes.subarray(head, end))
    if (masked) unmask(payload, bytes.subarray(head - 4, head))
    this.bytes = bytes.subarray(end)
    this.pieces = this.bytes.length > 0 ? 1 : 0
    return {
      bytes: bytes.subarray(0, end),
      fin: first >= 0x80,
      rsv: (first >> 4) & 7,
      opcode: first & 15,
      masked,
      payload,
      pieces,
    }
  }
}

/** The same frame around another payload. */
export function withPayload({ fin, rsv, opcode, masked }: RawFrame, payload: Uint8Array): Buffer {
  return frameBytes({ fin, rsv, opcode, masked, payload })
}

function unmask(payload: Buffer, key: Buffer): void {
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] as number) ^ (key[i % 4] as number)
}
