// Writes the fields of Protocol Buffers into one growing buffer, which is used again for the next message. Pure.

const FIRST_BYTES = 64 * 1_024

/** How the value of a field is written. */
const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2
const FIXED32 = 5

const HIGH = 2 ** 32
/** The most that the head of a field and a number take. */
const MOST_HEAD = 20

export class ProtoWriter {
  private out = Buffer.allocUnsafe(FIRST_BYTES)
  private at = 0

  restart(): void {
    this.at = 0
  }

  /** A copy: what is sent may wait for its turn, or be sent once more. */
  get written(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.out, 0, this.at)
  }

  /** Begins a message; gives back what `close` must know. */
  open(field: number): number {
    this.head(field, DELIMITED)
    // Of its length, which is not known yet: most messages are shorter than 128 bytes.
    return this.at++
  }

  close(opened: number): void {
    const length = this.at - opened - 1
    if (length < 0x80) {
      this.out[opened] = length
      return
    }
    const more = varintBytes(length) - 1
    this.room(more)
    this.out.copyWithin(opened + 1 + more, opened + 1, this.at)
    const end = this.at + more
    this.at = opened
    this.varint(length)
    this.at = end
  }

  text(field: number, text: string): void {
    this.head(field, DELIMITED)
    const { length } = text
    this.room(3 * length)
    if (length < 0x80 && this.ascii(text)) return
    this.varint(Buffer.byteLength(text))
    this.at += this.out.write(text, this.at)
  }

  hex(field: number, digits: string): void {
    this.head(field, DELIMITED)
    const bytes = digits.length / 2
    this.room(bytes)
    this.out[this.at++] = bytes
    for (let from = 0; from < digits.length; from += 2)
      this.out[this.at++] = (digitOf(digits.charCodeAt(from)) << 4) | digitOf(digits.charCodeAt(from + 1))
  }

  /** Of a number that is not negative. */
  integer(field: number, value: number): void {
    this.head(field, VARINT)
    this.varint(value)
  }

  double(field: number, value: number): void {
    this.head(field, FIXED64)
    this.at = this.out.writeDoubleLE(value, this.at)
  }

  fixed32(field: number, value: number): void {
    this.head(field, FIXED32)
    this.at = this.out.writeUInt32LE(value, this.at)
  }

  /** Milliseconds since 1970 as nanoseconds, which are more than a number holds: in two halves. */
  time(field: number, ms: number): void {
    this.head(field, FIXED64)
    const whole = Math.floor(ms)
    const upper = Math.floor(whole / 0x10000) * 1e6
    const lower = (whole % 0x10000) * 1e6 + Math.floor((ms - whole) * 1e6)
    const low = (upper % 0x10000) * 0x10000 + lower
    this.out.writeUInt32LE(low % HIGH, this.at)
    this.out.writeUInt32LE(Math.floor(upper / 0x10000) + Math.floor(low / HIGH), this.at + 4)
    this.at += 8
  }

  /** Fields that were written before. */
  bytes(fields: Uint8Array): void {
    this.room(fields.length)
    this.out.set(fields, this.at)
    this.at += fields.length
  }

  private head(field: number, how: number): void {
    this.room(MOST_HEAD)
    this.varint((field << 3) | how)
  }

  /** Says false, and has written nothing, where a sign is not of ASCII. */
  private ascii(text: string): boolean {
    const { out, at } = this
    out[at] = text.length
    for (let n = 0; n < text.length; n++) {
      const code = text.charCodeAt(n)
      if (code >= 0x80) return false
      out[at + 1 + n] = code
    }
    this.at = at + 1 + text.length
    return true
  }

  private varint(value: number): void {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.out[this.at++] = (rest % 0x80) | 0x80
    this.out[this.at++] = rest
  }

  private room(bytes: number): void {
    const needed = this.at + bytes + MOST_HEAD
    if (needed <= this.out.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.out.length, needed))
    this.out.copy(larger, 0, 0, this.at)
    this.out = larger
  }
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

/** Of digits as this server writes them, in small letters. */
function digitOf(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57
}
