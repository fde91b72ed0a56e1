// Goes over MessagePack byte by byte; no other file knows what the head of a value announces.
import { isUtf8 } from 'node:buffer'

/** What a head announces. Nil, booleans and small integers consist of the head alone. */
export const ALONE = 0
export const NUMBER = 1
export const TEXT = 2
export const ARRAY = 3
export const MAP = 4
/** Binary, extensions and the head that is never used, none of which JSON can express. */
export const FOREIGN = 5

/** Indexed by head. */
export const KINDS = new Uint8Array(256)
  .fill(MAP, 0x80, 0x90)
  .fill(ARRAY, 0x90, 0xa0)
  .fill(TEXT, 0xa0, 0xc0)
  .fill(FOREIGN, 0xc1, 0xc2)
  .fill(FOREIGN, 0xc4, 0xca)
  .fill(NUMBER, 0xca, 0xd4)
  .fill(FOREIGN, 0xd4, 0xd9)
  .fill(TEXT, 0xd9, 0xdc)
  .fill(ARRAY, 0xdc, 0xde)
  .fill(MAP, 0xde, 0xe0)

/** Indexed by head: how many bytes behind it are a number, a length or a count. */
const WIDTHS = new Uint8Array(256)
WIDTHS.set([4, 8, 1, 2, 4, 8, 1, 2, 4, 8], 0xca)
WIDTHS.set([1, 2, 4, 2, 4, 2, 4], 0xd9)

/** Node's own readers. `toString` would first spend time on finding out which of them is meant. */
export type TextBuffer = Buffer & {
  utf8Slice(from: number, to: number): string
  latin1Slice(from: number, to: number): string
}

/** A view of the same bytes, not a copy. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Each reader reports faults in the bytes by its own error. `start` is always where the value begins. */
export abstract class PackCursor {
  at = 0

  constructor(public bytes: Buffer) {}

  protected abstract fail(reason: string, offset: number): never

  protected head(): number {
    const head = this.bytes[this.at]
    if (head === undefined) return this.fail('the bytes end early', this.at)
    this.at++
    return head
  }

  protected pass(width: number, start: number): void {
    this.at += width
    if (this.at > this.bytes.length) this.fail('the bytes end early', start)
  }

  /** The bytes of a text, the items of an array or the pairs of a map. */
  protected size(head: number, start: number): number {
    const width = WIDTHS[head] as number
    return width === 0 ? head & (head < 0xa0 ? 0x0f : 0x1f) : this.sizeBehind(width, start)
  }

  protected sizeBehind(width: number, start: number): number {
    const { at } = this
    this.pass(width, start)
    return width === 1 ? (this.bytes[at] as number) : width === 2 ? this.u16(at) : this.u32(at)
  }

  protected passNumber(head: number, start: number): void {
    this.pass(WIDTHS[head] as number, start)
  }

  /** Whether the number is the double that it is read as. Of those that are finite only integers of 64 bits may be none. */
  protected keepsValue(head: number, start: number): boolean {
    if (head !== 0xcf && head !== 0xd3) return true
    const high = head === 0xcf ? this.u32(start + 1) : this.u32(start + 1) | 0
    if (high >= -0x20_0000 && high < 0x20_0000) return true
    const { bytes } = this
    const sent = head === 0xcf ? bytes.readBigUInt64BE(start + 1) : bytes.readBigInt64BE(start + 1)
    return BigInt(Number(sent)) === sent
  }

  /** Beyond 2^53 an integer becomes the nearest double. */
  protected number(head: number, start: number): number {
    const { at, bytes } = this
    this.pass(WIDTHS[head] as number, start)
    switch (head) {
      case 0xca:
        return bytes.readFloatBE(at)
      case 0xcb:
        return bytes.readDoubleBE(at)
      case 0xcc:
        return bytes[at] as number
      case 0xcd:
        return this.u16(at)
      case 0xce:
        return this.u32(at)
      case 0xcf:
        return this.u32(at) * 0x1_0000_0000 + this.u32(at + 4)
      case 0xd0:
        return ((bytes[at] as number) << 24) >> 24
      case 0xd1:
        return (this.u16(at) << 16) >> 16
      case 0xd2:
        return this.u32(at) | 0
      default:
        return (this.u32(at) | 0) * 0x1_0000_0000 + this.u32(at + 4)
    }
  }

  /** The text from `from` up to the current place. */
  protected textFrom(from: number): string {
    return (this.bytes as TextBuffer).utf8Slice(from, this.at)
  }

  /** Passes over a text, which must be UTF-8. */
  protected passText(length: number, start: number): void {
    const from = this.at
    this.pass(length, start)
    const broken = utf8FaultAt(this.bytes, from, this.at)
    if (broken >= 0) this.fail('a string must be valid UTF-8', broken)
  }

  /** Every item takes at least one byte, so a count that promises more than is left is refused at once. */
  protected mustHold(items: number, start: number): void {
    if (items > this.bytes.length - this.at) this.fail('the bytes end early', start)
  }

  private u16(at: number): number {
    const { bytes } = this
    return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  }

  private u32(at: number): number {
    const { bytes } = this
    const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
    return ((high << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0
  }
}

/** The value of a head that stands alone. */
export function headValue(head: number): null | boolean | number {
  if (head < 0x80) return head
  if (head >= 0xe0) return head - 0x100
  return head === 0xc0 ? null : head === 0xc3
}

export function foreignFault(head: number): string {
  if (head === 0xc1) return '0xc1 is never used'
  return head >= 0xc4 && head <= 0xc6 ? 'binary is not JSON' : 'an extension type is not JSON'
}

function continues(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

/** The length of the well-formed sequence at `at`, or 0: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
function sequenceLength(bytes: Buffer, at: number, to: number): number {
  const head = bytes[at] as number
  const next = at + 1 < to ? (bytes[at + 1] as number) : 0
  if (!continues(next) || head < 0xc2 || head > 0xf4) return 0
  if (head < 0xe0) return 2
  if (at + 2 >= to || !continues(bytes[at + 2])) return 0
  if (head < 0xf0) {
    const overlong = head === 0xe0 && next < 0xa0
    const surrogate = head === 0xed && next > 0x9f
    return overlong || surrogate ? 0 : 3
  }
  if (at + 3 >= to || !continues(bytes[at + 3])) return 0
  const overlong = head === 0xf0 && next < 0x90
  const beyond = head === 0xf4 && next > 0x8f
  return overlong || beyond ? 0 : 4
}

/** Texts up to this length are checked byte by byte, because a call of `isUtf8` has a fixed cost. */
const LOOKED_AT_BYTES_MAX = 128

/** The offset of the first byte that is not UTF-8, or -1. */
function utf8FaultAt(bytes: Buffer, from: number, to: number): number {
  if (to - from > LOOKED_AT_BYTES_MAX && isUtf8(bytes.subarray(from, to))) return -1
  let at = from
  while (at < to) {
    if ((bytes[at] as number) < 0x80) {
      at++
      continue
    }
    const length = sequenceLength(bytes, at, to)
    if (length === 0) return at
    at += length
  }
  return -1
}
