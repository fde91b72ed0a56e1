// Writes MessagePack straight into the buffer that goes to disk or to a client: no copy between, and no key is special.
//
// A general packer is not used here: those at hand look at `value.constructor` and `value.toJSON`, which in an
// event are the client's data.
import { LIMITS } from '../../contract/limits.js'

const SHORT_STRING_CHARS = 40
const FIRST_BYTES = 1 << 16
/** One large answer must not hold its memory for ever. */
const KEPT_BYTES_MAX = 1 << 22
const WIDE_BYTES = new Uint8Array(8)
const WIDE = new DataView(WIDE_BYTES.buffer)

/** Node's own writer behind `write`, which spends its time on finding out which one is meant. */
type Utf8Buffer = Buffer & { utf8Write(text: string, at: number): number }

/** What was to be encoded is no JSON; the checks of the contract name what is wrong with it. */
export class NotJson extends Error {
  override readonly name = 'NotJson'
}

/** What was to be encoded does not fit where `most` ends. */
export class TooLong extends Error {
  override readonly name = 'TooLong'
}

/** A buffer that grows as it is written, and that is used again when `at` is set back. */
export class PackWriter {
  at = 0
  /** Objects and arrays may reach as far as this. */
  most = Number.POSITIVE_INFINITY
  /** Of all objects written since somebody set it to zero. */
  keys = 0

  constructor(public buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)) {}

  /** Makes room for `bytes` more; `buffer` may be another one afterwards. */
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

  /** The bytes of an array are taken modulo 256, so negative numbers come out as their complement. */
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

  /** What stands in a small view: a buffer's own writers of 64 bits cost ten times as much. */
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

  /** Bytes that are MessagePack already. */
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

  /** In the shortest form that holds it. */
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

  /** False, with nothing written, where the text is longer or something else. */
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
    // A character takes three bytes at most, and the head five.
    this.reserve(length * 3 + 5)
    // Written where the bytes belong if it is ASCII; moved when the length turns out to need a longer head.
    const guess = textHeaderBytes(length)
    const start = this.at
    const bytes = (this.buffer as Utf8Buffer).utf8Write(text, start + guess)
    const needed = textHeaderBytes(bytes)
    if (needed !== guess) this.buffer.copyWithin(start + needed, start + guess, start + guess + bytes)
    this.textHeader(bytes)
    this.at = start + needed + bytes
  }

  private textHeader(bytes: number): void {
    if (bytes < 32) this.buffer[this.at++] = 0xa0 | bytes
    else if (bytes < 0x100) this.head(0xd9, bytes, 1)
    else if (bytes < 0x1_0000) this.head(0xda, bytes, 2)
    else this.head(0xdb, bytes, 4)
  }

  strings(list: readonly string[]): void {
    this.arrayHeader(list.length)
    for (const item of list) this.string(item)
  }

  /** Refuses whatever JSON has no word for. `depth` counts the containers around it. */
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
    // Whatever contains itself is too deep as well.
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

  /** A small object can refer to the same part a million times: it must not become gigabytes before somebody measures it. */
  private refuseTooLong(): void {
    if (this.at > this.most) throw new TooLong()
  }

  /** As JSON.stringify takes it: what is undefined in a map is absent, and what JSON has no word for is nil. */
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

/** One writer serves all: what is packed while something else is being packed stands behind that for a moment. */
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
