// Reads the MessagePack this store wrote: the envelope field by field, the payload only when somebody looks at it.
import { Unpackr } from 'msgpackr'
import type { JsonObject } from '../../contract/event.js'
import { unpack as unpackCarefully } from '../../contract/packed.js'

const fast = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })
const PROTO = Buffer.from('__proto__')

/** The fast decoder renames a key `__proto__`; where those bytes occur the careful one keeps it. */
export function unpackObject(bytes: Buffer): JsonObject {
  return bytes.includes(PROTO) ? unpackCarefully(bytes) : (fast.unpack(bytes) as JsonObject)
}

/** Node's own readers behind `toString`, which spends its time on finding out which one is meant. */
export type TextBuffer = Buffer & {
  utf8Slice(from: number, to: number): string
  latin1Slice(from: number, to: number): string
}

export class MalformedRecord extends Error {
  override readonly name = 'MalformedRecord'
}

export class PackReader {
  at = 0

  constructor(readonly bytes: Buffer) {}

  arrayHeader(): number {
    const byte = this.byte()
    if (byte >= 0x90 && byte <= 0x9f) return byte & 0x0f
    if (byte === 0xdc) return this.u16()
    return fail('array', byte)
  }

  /** True and skipped when nil stands here. */
  nil(): boolean {
    if (this.bytes[this.at] !== 0xc0) return false
    this.at++
    return true
  }

  integer(): number {
    const byte = this.byte()
    if (byte < 0x80) return byte
    if (byte === 0xcc) return this.byte()
    if (byte === 0xcd) return this.u16()
    if (byte === 0xce) return this.u32()
    if (byte === 0xcf) return this.u32() * 0x1_0000_0000 + this.u32()
    return fail('integer', byte)
  }

  /** The nine-byte form only. */
  u64(): bigint {
    const byte = this.byte()
    if (byte !== 0xcf) return fail('u64', byte)
    this.need(8)
    const value = this.bytes.readBigUInt64BE(this.at)
    this.at += 8
    return value
  }

  string(): string {
    const length = this.stringLength()
    this.need(length)
    const from = this.at
    this.at += length
    return (this.bytes as TextBuffer).utf8Slice(from, this.at)
  }

  binary(): Buffer {
    const byte = this.byte()
    const length = byte === 0xc4 ? this.byte() : byte === 0xc6 ? this.u32() : fail('binary', byte)
    this.need(length)
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }

  strings(): string[] {
    const list: string[] = []
    for (let left = this.arrayHeader(); left > 0; left--) list.push(this.string())
    return list
  }

  private stringLength(): number {
    const byte = this.byte()
    if (byte >= 0xa0 && byte <= 0xbf) return byte & 0x1f
    if (byte === 0xd9) return this.byte()
    if (byte === 0xda) return this.u16()
    if (byte === 0xdb) return this.u32()
    return fail('string', byte)
  }

  private byte(): number {
    const byte = this.bytes[this.at++]
    return byte === undefined ? fail('more bytes', -1) : byte
  }

  private u16(): number {
    this.need(2)
    const value = this.bytes.readUInt16BE(this.at)
    this.at += 2
    return value
  }

  private u32(): number {
    this.need(4)
    const value = this.bytes.readUInt32BE(this.at)
    this.at += 4
    return value
  }

  private need(bytes: number): void {
    if (this.at + bytes > this.bytes.length) fail('more bytes', -1)
  }
}

function fail(wanted: string, found: number): never {
  throw new MalformedRecord(`a record wants ${wanted}, found ${found}`)
}
