// Writes MessagePack straight into the buffer that goes to disk: no copy between, and no key is special.
//
// A general packer is not used here: those at hand look at `value.constructor` and `value.toJSON`, which in an
// event are the client's data.

import { GrowingBuffer } from '../../backends/embedded/engine/format/growing-buffer.js'
import { LIMITS } from '../../contract/limits.js'

const SHORT_STRING_CHARS = 40
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

export class PackWriter extends GrowingBuffer {
  /** Objects and arrays may reach as far as this. */
  most = Number.POSITIVE_INFINITY
  /** Of all objects written since somebody set it to zero. */
  keys = 0

  nil(): void {
    this.reserve(1)
    this.buffer[this.at++] = 0xc0
  }

  arrayHeader(count: number): void {
    this.header(count, 0x90, 15, 0xdc)
  }

  mapHeader(count: number): void {
    this.header(count, 0x80, 15, 0xde)
  }

  /** Unsigned 64-bit in its nine-byte form. */
  u64(value: bigint): void {
    this.reserve(9)
    this.wide(0xcf, value)
  }

  /** Through a small view: a buffer's own 64-bit writer costs ten times as much. */
  private wide(prefix: number, value: bigint): void {
    WIDE.setBigUint64(0, value)
    const { buffer } = this
    buffer[this.at] = prefix
    for (let byte = 0; byte < 8; byte++) buffer[this.at + 1 + byte] = WIDE_BYTES[byte] as number
    this.at += 9
  }

  binary(bytes: Uint8Array): void {
    this.reserve(bytes.length + 5)
    if (bytes.length < 256) {
      this.buffer[this.at++] = 0xc4
      this.buffer[this.at++] = bytes.length
    } else {
      this.buffer[this.at++] = 0xc6
      this.at = this.buffer.writeUInt32BE(bytes.length, this.at)
    }
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
    this.reserve(9)
    const { buffer } = this
    if (Number.isInteger(value) && !Object.is(value, -0)) {
      if (value >= 0 && value < 0x80) {
        buffer[this.at++] = value
        return
      }
      if (this.integer(value)) return
    }
    if (!Number.isFinite(value)) throw new NotJson('not a finite number')
    buffer[this.at] = 0xcb
    this.at = buffer.writeDoubleBE(value, this.at + 1)
  }

  private integer(value: number): boolean {
    const { buffer } = this
    if (value >= 0) {
      if (value <= 0xff) {
        buffer[this.at++] = 0xcc
        buffer[this.at++] = value
      } else if (value <= 0xffff) {
        buffer[this.at] = 0xcd
        this.at = buffer.writeUInt16BE(value, this.at + 1)
      } else if (value <= 0xffffffff) {
        buffer[this.at] = 0xce
        this.at = buffer.writeUInt32BE(value, this.at + 1)
      } else return this.wideInteger(value)
      return true
    }
    if (value >= -0x20) buffer[this.at++] = 0x100 + value
    else if (value >= -0x80) {
      buffer[this.at] = 0xd0
      this.at = buffer.writeInt8(value, this.at + 1)
    } else if (value >= -0x8000) {
      buffer[this.at] = 0xd1
      this.at = buffer.writeInt16BE(value, this.at + 1)
    } else if (value >= -0x80000000) {
      buffer[this.at] = 0xd2
      this.at = buffer.writeInt32BE(value, this.at + 1)
    } else return this.wideInteger(value)
    return true
  }

  /** Integers of more than 32 bits that a double holds exactly; others stay doubles. */
  private wideInteger(value: number): boolean {
    if (!Number.isSafeInteger(value)) return false
    this.wide(value >= 0 ? 0xcf : 0xd3, BigInt.asUintN(64, BigInt(value)))
    return true
  }

  string(text: string): void {
    const { length } = text
    this.reserve(length * 3 + 5)
    if (length <= SHORT_STRING_CHARS && this.shortAscii(text)) return
    if (!text.isWellFormed()) throw new NotJson('half a surrogate pair')
    // Written where the bytes belong if it is ASCII; moved when the length turns out to need a longer prefix.
    const guess = prefixBytes(length)
    const start = this.at
    const bytes = (this.buffer as Utf8Buffer).utf8Write(text, start + guess)
    const prefix = prefixBytes(bytes)
    if (prefix !== guess) this.buffer.copyWithin(start + prefix, start + guess, start + guess + bytes)
    this.stringPrefix(bytes)
    this.at = start + prefix + bytes
  }

  private shortAscii(text: string): boolean {
    const { length } = text
    const { buffer } = this
    let to = this.at + (length < 32 ? 1 : 2)
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at)
      if (code >= 0x80) return false
      buffer[to++] = code
    }
    this.stringPrefix(length)
    this.at = to
    return true
  }

  private stringPrefix(bytes: number): void {
    const { buffer, at } = this
    if (bytes < 32) buffer[at] = 0xa0 | bytes
    else if (bytes < 0x100) {
      buffer[at] = 0xd9
      buffer[at + 1] = bytes
    } else if (bytes < 0x10000) {
      buffer[at] = 0xda
      buffer.writeUInt16BE(bytes, at + 1)
    } else {
      buffer[at] = 0xdb
      buffer.writeUInt32BE(bytes, at + 1)
    }
  }

  /** Refuses whatever JSON has no word for. `depth` counts the containers around it. */
  value(value: unknown, depth: number): void {
    if (typeof value === 'string') this.string(value)
    else if (typeof value === 'number') this.number(value)
    else if (value === null) this.nil()
    else if (typeof value === 'boolean') {
      this.reserve(1)
      this.buffer[this.at++] = value ? 0xc3 : 0xc2
    } else if (typeof value !== 'object') throw new NotJson(typeof value)
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

  private header(count: number, fixed: number, fixedMax: number, wide: number): void {
    this.reserve(5)
    if (count <= fixedMax) this.buffer[this.at++] = fixed | count
    else if (count < 0x10000) {
      this.buffer[this.at] = wide
      this.at = this.buffer.writeUInt16BE(count, this.at + 1)
    } else {
      this.buffer[this.at] = wide + 1
      this.at = this.buffer.writeUInt32BE(count, this.at + 1)
    }
  }
}

function prefixBytes(length: number): number {
  if (length < 32) return 1
  if (length < 0x100) return 2
  return length < 0x10000 ? 3 : 5
}
