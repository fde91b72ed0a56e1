// Reads the MessagePack this store wrote: the envelope field by field, the payload only when somebody looks at it.
import { Unpackr } from 'msgpackr'
import type { JsonObject, JsonValue } from '../../contract/event.js'
import { LIMITS } from '../../contract/limits.js'
import { setOwn } from '../../contract/own-key.js'
import { ARRAY, bufferOf, FOREIGN, foreignFault, headValue, KINDS, MAP, NUMBER, PackCursor, TEXT } from './cursor.js'

const fast = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })
const NIL = 0xc0
const PROTO = Buffer.from('__proto__')

/** The fast decoder renames a key `__proto__`, so bytes that hold this text go to the careful one, which keeps it. */
export function unpackObject(bytes: Buffer): JsonObject {
  return bytes.includes(PROTO) ? unpack(bytes) : (fast.unpack(bytes) as JsonObject)
}

/** Decodes bytes that passed a scan. Others give a MalformedRecord or nonsense, but never a crash. */
export function unpack(bytes: Uint8Array): JsonObject {
  return new PackReader(bufferOf(bytes)).value(0) as JsonObject
}

export class MalformedRecord extends Error {
  override readonly name = 'MalformedRecord'
}

export class PackReader extends PackCursor {
  protected fail(reason: string, offset: number): never {
    throw new MalformedRecord(`a record is not what it must be: ${reason} (byte ${offset})`)
  }

  /** Skips a nil and answers true; answers false when something else comes. */
  nil(): boolean {
    if (this.bytes[this.at] !== NIL) return false
    this.at++
    return true
  }

  arrayHeader(): number {
    const start = this.at
    const head = this.head()
    return KINDS[head] === ARRAY ? this.size(head, start) : this.fail('an array must stand here', start)
  }

  /** Reads an integer that is not negative. */
  integer(): number {
    const start = this.at
    const head = this.bytes[start] ?? NIL
    if (head >= 0x80 && (head < 0xcc || head > 0xcf)) this.fail('an integer must stand here', start)
    this.at++
    return head < 0x80 ? head : this.number(head, start)
  }

  /** Reads an unsigned 64-bit integer in its nine-byte form, the only one that is written. */
  u64(): bigint {
    const start = this.at
    if (this.head() !== 0xcf) this.fail('a 64-bit integer must stand here', start)
    this.pass(8, start)
    return this.bytes.readBigUInt64BE(start + 1)
  }

  /** Does not prove that the text is UTF-8. */
  string(): string {
    const start = this.at
    const head = this.bytes[start] ?? 0
    if (KINDS[head] !== TEXT) this.fail('a string must stand here', start)
    this.at++
    const length = this.size(head, start)
    const from = this.at
    this.pass(length, start)
    return this.textFrom(from)
  }

  strings(): string[] {
    const list: string[] = []
    for (let left = this.arrayHeader(); left > 0; left--) list.push(this.string())
    return list
  }

  /** Reads the forms that the writer uses. */
  binary(): Buffer {
    const start = this.at
    const head = this.head()
    if (head !== 0xc4 && head !== 0xc6) this.fail('binary must stand here', start)
    const length = this.sizeBehind(head === 0xc4 ? 1 : 4, start)
    const from = this.at
    this.pass(length, start)
    return this.bytes.subarray(from, this.at)
  }

  /** Reads any value by recursion, which the nesting depth bounds. */
  value(depth: number): JsonValue {
    const start = this.at
    const head = this.head()
    switch (KINDS[head]) {
      case MAP:
        return this.map(this.size(head, start), depth, start)
      case ARRAY:
        return this.array(this.size(head, start), depth, start)
      case TEXT:
        this.at = start
        return this.string()
      case NUMBER:
        return this.number(head, start)
      case FOREIGN:
        return this.fail(foreignFault(head), start)
      default:
        return headValue(head)
    }
  }

  private array(count: number, depth: number, start: number): JsonValue[] {
    this.bound(depth, start)
    const array: JsonValue[] = []
    for (let i = 0; i < count; i++) array.push(this.value(depth + 1))
    return array
  }

  private map(count: number, depth: number, start: number): JsonObject {
    this.bound(depth, start)
    const map: Record<string, JsonValue> = {}
    for (let i = 0; i < count; i++) {
      const name = this.value(depth + 1) as string
      setOwn(map, name, this.value(depth + 1))
    }
    return map
  }

  private bound(depth: number, start: number): void {
    if (depth >= LIMITS.nestingDepth) this.fail(`nesting must not be deeper than ${LIMITS.nestingDepth} levels`, start)
  }
}
