// Writes MessagePack straight into the buffer that goes to disk or to a client, without a copy; no key is special.
//
// A general packer is not used here: those at hand look at `value.constructor` and `value.toJSON`, which in an
// event are the client's data.
import { LIMITS } from '../../contract/limits.js'

const SHORT_STRING_CHARS = 40
const FIRST_BYTES = 1 << 16
/** A buffer larger than this is given up after use, so that one large answer does not hold its memory for ever. */
const KEPT_BYTES_MAX = 1 << 22
const WIDE_BYTES = new Uint8Array(8)
const WIDE = new DataView(WIDE_BYTES.buffer)

/** Node's own writer. `write` would first spend time on finding out which one is meant. */
type Utf8Buffer = Buffer & { utf8Write(text: string, at: number): number }

/** JSON cannot express the value; the checks of the contract name what is wrong with it. */
export class NotJson extends Error {
  override readonly name = 'NotJson'
}

/** The value reaches beyond `most`. */
export class TooLong extends Error {
  override readonly name = 'TooLong'
}

/** A buffer that grows as it is written, and that is used again when `at` is set back. */
export class PackWriter {
  at = 0
  /** An object or array that ends beyond this offset throws TooLong. */
  most = Number.POSITIVE_INFINITY
  /** Keys of all objects written since the caller set this to zero. */
  keys = 0

  constructor(public buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)) {}

  /** Makes room for this many more bytes; `buffer` may be another object afterwards. */
  reserve(bytes: number): void {
    const needed = this.at + bytes
    if (needed <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(larger, 0, 0, this.at)
    this.buffer = larger
  }

  /** A copy of what was written since `from`. */
  since(from: number): Buffer {
    return Buffer.from(this.buffer.subarray(from, this.at))
  }

  nil(): void {
    this.reserve(1)
    this.buffer[this.at++] = 0xc0
  }

  boolean(value: boolean): void {
    this.reserve(1)
    this.buffer[this.at++] = value ? 0xc3 : 0xc2
  }

  arrayHeader(count: number): void {
    this.reserve(5)
    if (count < 16) this.buffer[this.at++] = 0x90 | count
    else if (count < 0x1_0000) this.head(0xdc, count, 2)
    else this.head(0xdd, count, 4)
  }

  mapHeader(count: number): void {
    this.reserve(5)
    if (count < 16) this.buffer[this.at++] = 0x80 | count
    else if (count < 0x1_0000) this.head(0xde, count, 2)
    else this.head(0xdf, count, 4)
  }

  /** A byte is stored modulo 256, so negative numbers come out as their two's complement. */
  private head(head: number, value: number, width: 1 | 2 | 4): void {
    const { buffer } = this
    let { at } = this
    buffer[at++] = head
    if (width === 4) {
      buffer[at++] = value >>> 24
      buffer[at++] = value >>> 16
    }
    if (width !== 1) buffer[at++] = value >>> 8
    buffer[at++] = value
    this.at = at
  }

  /** Unsigned 64-bit in its nine-byte form. */
  u64(value: bigint): void {
    this.reserve(9)
    WIDE.setBigUint64(0, value)
    this.wide(0xcf)
  }

  /** Writes the bytes of `WIDE`, because a buffer's own writers of 64 bits cost ten times as much. */
  private wide(head: number): void {
    const { buffer, at } = this
    buffer[at] = head
    for (let byte = 0; byte < 8; byte++) buffer[at + 1 + byte] = WIDE_BYTES[byte] as number
    this.at = at + 9
  }

  binary(bytes: Uint8Array): void {
    this.reserve(bytes.length + 5)
    if (bytes.length < 0x100) this.head(0xc4, bytes.length, 1)
    else this.head(0xc6, bytes.length, 4)
    this.raw(bytes)
  }

  /** The bytes must be MessagePack already. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.at)
    this.at += bytes.length
  }

  copy(source: Buffer, from: number, to: number): void {
    this.reserve(to - from)
    source.copy(this.buffer, this.at, from, to)
    this.at += to - from
  }

  number(value: number): void {
    if (!Number.isFinite(value)) throw new NotJson('not a finite number')
    this.anyNumber(value)
  }

  /** Writes an integer in its shortest form, and everything else as a double. */
  private anyNumber(value: number): void {
    this.reserve(9)
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      WIDE.setFloat64(0, value)
      this.wide(0xcb)
    } else if (value >= 0) this.natural(value)
    else this.negative(value)
  }

  private natural(value: number): void {
    if (value < 0x80) this.buffer[this.at++] = value
    else if (value < 0x100) this.head(0xcc, value, 1)
    else if (value < 0x1_0000) this.head(0xcd, value, 2)
    else if (value < 0x1_0000_0000) this.head(0xce, value, 4)
    else this.wideInteger(0xcf, value)
  }

  private negative(value: number): void {
    if (value >= -0x20) this.buffer[this.at++] = value
    else if (value >= -0x80) this.head(0xd0, value, 1)
    else if (value >= -0x8000) this.head(0xd1, value, 2)
    else if (value >= -0x8000_0000) this.head(0xd2, value, 4)
    else this.wideInteger(0xd3, value)
  }

  private wideInteger(head: number, value: number): void {
    WIDE.setInt32(0, Math.floor(value / 0x1_0000_0000))
    WIDE.setUint32(4, value >>> 0)
    this.wide(head)
  }

  string(text: string): void {
    if (this.shortAscii(text)) return
    if (!text.isWellFormed()) throw new NotJson('half a surrogate pair')
    this.longText(text)
  }

  /** Answers false, and leaves `at` where it was, when the text is longer or not ASCII. */
  private shortAscii(text: string): boolean {
    const { length } = text
    if (length > SHORT_STRING_CHARS) return false
    this.reserve(length + 2)
    const { buffer } = this
    let to = this.at + (length < 32 ? 1 : 2)
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at)
      if (code >= 0x80) return false
      buffer[to++] = code
    }
    this.textHeader(length)
    this.at = to
    return true
  }

  private longText(text: string): void {
    const { length } = text
    // A character takes at most three bytes, and the head five.
    this.reserve(length * 3 + 5)
    // Written where the bytes belong if the text is ASCII, and moved when the length turns out to need a longer head.
    const guess = textHeaderBytes(length)
    const start = this.at
    const bytes = (this.buffer as Utf8Buffer).utf8Write(text, start + guess)
    const needed = textHeaderBytes(bytes)
    if (needed !== guess) this.buffer.copyWithin(start + needed, start + guess, start + guess + bytes)
    this.textHeader(bytes)
    this.at = start + needed + bytes
  }

  textHeader(bytes: number): void {
    if (bytes < 32) this.buffer[this.at++] = 0xa0 | bytes
    else if (bytes < 0x100) this.head(0xd9, bytes, 1)
    else if (bytes < 0x1_0000) this.head(0xda, bytes, 2)
    else this.head(0xdb, bytes, 4)
  }

  strings(list: readonly string[]): void {
    this.arrayHeader(list.length)
    for (const item of list) this.string(item)
  }

  /** Refuses every value that JSON cannot express. `depth` counts the containers around it. */
  value(value: unknown, depth: number): void {
    if (typeof value === 'string') this.string(value)
    else if (typeof value === 'number') this.number(value)
    else if (value === null) this.nil()
    else if (typeof value === 'boolean') this.boolean(value)
    else if (typeof value !== 'object') throw new NotJson(typeof value)
    else if (Array.isArray(value)) this.array(value, depth)
    else this.object(value as Record<string, unknown>, depth)
  }

  object(value: Record<string, unknown>, depth = 0): void {
    const prototype = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) throw new NotJson('an instance of a class')
    const keys = Object.keys(value)
    // An object that contains itself is refused here as well, because it is too deep.
    if (depth >= LIMITS.nestingDepth) throw new NotJson('too deep')
    this.keys += keys.length
    this.mapHeader(keys.length)
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as string
      this.string(key)
      this.value(value[key], depth + 1)
    }
    this.refuseTooLong()
  }

  private array(value: readonly unknown[], depth: number): void {
    if (Object.getPrototypeOf(value) !== Array.prototype) throw new NotJson('an instance of a class')
    if (depth >= LIMITS.nestingDepth) throw new NotJson('too deep')
    this.arrayHeader(value.length)
    for (let at = 0; at < value.length; at++) this.value(value[at], depth + 1)
    this.refuseTooLong()
  }

  /** A small object can refer to the same part a million times, so it is stopped before it has become gigabytes. */
  private refuseTooLong(): void {
    if (this.at > this.most) throw new TooLong()
  }

  /** Writes what JSON.stringify would: undefined in a map is left out, and what JSON cannot express becomes nil. */
  anyValue(value: unknown): void {
    if (typeof value === 'string') this.anyText(value)
    else if (typeof value === 'number') this.anyNumber(value)
    else if (typeof value === 'boolean') this.boolean(value)
    else if (typeof value !== 'object' || value === null) this.nil()
    else if (Array.isArray(value)) {
      this.arrayHeader(value.length)
      for (const item of value) this.anyValue(item)
    } else this.anyMap(value as Record<string, unknown>)
  }

  private anyMap(map: Readonly<Record<string, unknown>>): void {
    const names = Object.keys(map)
    let count = 0
    for (const name of names) if (map[name] !== undefined) count++
    this.mapHeader(count)
    for (const name of names) {
      const value = map[name]
      if (value === undefined) continue
      this.anyText(name)
      this.anyValue(value)
    }
  }

  /** Half a surrogate pair becomes U+FFFD. */
  private anyText(text: string): void {
    if (!this.shortAscii(text)) this.longText(text)
  }
}

function textHeaderBytes(length: number): number {
  if (length < 32) return 1
  if (length < 0x100) return 2
  return length < 0x1_0000 ? 3 : 5
}

const WRITER = new PackWriter()

/** One writer serves all calls: what is packed during another call is written behind it and then removed again. */
export function packedBy(write: (writer: PackWriter) => void): Buffer {
  const from = WRITER.at
  try {
    write(WRITER)
    return WRITER.since(from)
  } finally {
    WRITER.at = from
    if (from === 0 && WRITER.buffer.length > KEPT_BYTES_MAX) WRITER.buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }
}

export function encodeMessagePack(value: unknown): Buffer {
  return packedBy(writer => writer.anyValue(value))
}
