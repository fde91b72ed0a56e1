// Writes plain values as MessagePack: every own key is a key, `toJSON` and `__proto__` included, and -0 stays -0.

/** Node's own writer behind `write`, which spends its time on finding out which one is meant. */
type TextBuffer = Buffer & { utf8Write(text: string, at: number): number }

export class MessagePackWriter {
  private buffer = Buffer.allocUnsafe(1024) as TextBuffer
  private view = viewOf(this.buffer)
  private at = 0

  /** A copy of what was written; the writer begins anew. */
  finish(): Buffer {
    const bytes = Buffer.from(this.buffer.subarray(0, this.at))
    this.at = 0
    if (this.buffer.length > KEPT_BYTES_MAX) this.resize(1024, 0)
    return bytes
  }

  value(value: unknown): void {
    if (typeof value === 'string') this.text(value)
    else if (typeof value === 'number') this.number(value)
    else if (typeof value === 'boolean') this.byte(value ? 0xc3 : 0xc2)
    else if (typeof value !== 'object' || value === null) this.byte(0xc0)
    else if (Array.isArray(value)) {
      this.arrayHead(value.length)
      for (const item of value) this.value(item)
    } else this.map(value as Record<string, unknown>)
  }

  /** As in JSON, a key whose value is undefined is absent. */
  map(map: Readonly<Record<string, unknown>>): void {
    const names = Object.keys(map).filter(name => map[name] !== undefined)
    this.mapHead(names.length)
    for (const name of names) {
      this.text(name)
      this.value(map[name])
    }
  }

  mapHead(count: number): void {
    if (count < 16) this.byte(0x80 | count)
    else if (count < 0x1_0000) this.head(0xde, count, 2)
    else this.head(0xdf, count, 4)
  }

  arrayHead(count: number): void {
    if (count < 16) this.byte(0x90 | count)
    else if (count < 0x1_0000) this.head(0xdc, count, 2)
    else this.head(0xdd, count, 4)
  }

  /** Bytes that are MessagePack already. */
  packed(bytes: Uint8Array): void {
    this.need(bytes.length)
    this.buffer.set(bytes, this.at)
    this.at += bytes.length
  }

  text(text: string): void {
    const { length } = text
    // A character takes three bytes at most, and the head five.
    this.need(3 * length + 5)
    if (length <= LOOP_CHARS_MAX && this.shortText(text)) return
    const head = textHead(length)
    const written = this.buffer.utf8Write(text, this.at + head)
    const needed = textHead(written)
    if (needed !== head) this.buffer.copyWithin(this.at + needed, this.at + head, this.at + head + written)
    if (needed === 1) this.byte(0xa0 | written)
    else if (needed === 2) this.head(0xd9, written, 1)
    else if (needed === 3) this.head(0xda, written, 2)
    else this.head(0xdb, written, 4)
    this.at += written
  }

  /** ASCII only; answers false, with nothing written, when it is not. */
  private shortText(text: string): boolean {
    const { buffer, at } = this
    const { length } = text
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80) return false
      buffer[at + 1 + i] = unit
    }
    buffer[at] = 0xa0 | length
    this.at = at + 1 + length
    return true
  }

  number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.double(value)
    else if (value >= 0) this.positive(value)
    else this.negative(value)
  }

  private positive(value: number): void {
    if (value < 0x80) this.byte(value)
    else if (value < 0x100) this.head(0xcc, value, 1)
    else if (value < 0x1_0000) this.head(0xcd, value, 2)
    else if (value < 0x1_0000_0000) this.head(0xce, value, 4)
    else {
      this.need(9)
      this.buffer[this.at] = 0xcf
      this.view.setUint32(this.at + 1, Math.floor(value / 0x1_0000_0000))
      this.view.setUint32(this.at + 5, value >>> 0)
      this.at += 9
    }
  }

  private negative(value: number): void {
    if (value >= -32) this.byte(value & 0xff)
    else if (value >= -0x80) this.head(0xd0, value, 1)
    else if (value >= -0x8000) this.head(0xd1, value, 2)
    else if (value >= -0x8000_0000) this.head(0xd2, value, 4)
    else {
      this.need(9)
      this.buffer[this.at] = 0xd3
      this.view.setBigInt64(this.at + 1, BigInt(value))
      this.at += 9
    }
  }

  private double(value: number): void {
    this.need(9)
    this.buffer[this.at] = 0xcb
    this.view.setFloat64(this.at + 1, value)
    this.at += 9
  }

  private byte(byte: number): void {
    this.need(1)
    this.buffer[this.at++] = byte
  }

  private head(head: number, value: number, width: 1 | 2 | 4): void {
    this.need(5)
    this.buffer[this.at] = head
    if (width === 1) this.view.setUint8(this.at + 1, value & 0xff)
    else if (width === 2) this.view.setUint16(this.at + 1, value & 0xffff)
    else this.view.setUint32(this.at + 1, value >>> 0)
    this.at += 1 + width
  }

  private need(bytes: number): void {
    const least = this.at + bytes
    if (least > this.buffer.length) this.resize(Math.max(least, 2 * this.buffer.length), this.at)
  }

  private resize(size: number, kept: number): void {
    const larger = Buffer.allocUnsafe(size) as TextBuffer
    larger.set(this.buffer.subarray(0, kept))
    this.buffer = larger
    this.view = viewOf(larger)
  }
}

/** Shorter texts are written character by character, which beats the fixed cost of Node's writer. */
const LOOP_CHARS_MAX = 24

/** Bytes of the head of a text. */
function textHead(bytes: number): number {
  return bytes < 32 ? 1 : bytes < 0x100 ? 2 : bytes < 0x1_0000 ? 3 : 5
}

/** One large answer must not hold its memory for ever. */
const KEPT_BYTES_MAX = 1024 * 1024

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

const WRITER = new MessagePackWriter()

/** Runs to its end before anyone else writes, so one writer serves all. */
export function packedBy(write: (writer: MessagePackWriter) => void): Buffer {
  try {
    write(WRITER)
    return WRITER.finish()
  } catch (error) {
    WRITER.finish()
    throw error
  }
}

export function encodeMessagePack(value: unknown): Buffer {
  return packedBy(writer => writer.value(value))
}
