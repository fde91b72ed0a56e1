// MessagePack as this store accepts it, one map that JSON could say: proved without decoding, and decoded.
import { StoreError } from './errors.js'
import { type JsonObject, type JsonValue, Packed } from './event.js'
import { LIMITS } from './limits.js'
import { readText, utf8FaultAt } from './utf8.js'

export interface PackedFault {
  readonly reason: string
  readonly offset: number
}

/** Maps with up to this many keys are compared pair by pair, larger ones through a set. */
const PAIRWISE_KEYS_MAX = 24
const NO_BYTES = new Uint8Array(0)

/** Walks the bytes once; a frame per level, nothing allocated for a map of ordinary size. */
class PackedScan {
  private bytes: Uint8Array = NO_BYTES
  private at = 0
  private fault: PackedFault | undefined
  private depth = -1
  /** Values still to come on each level. */
  private readonly remaining = new Uint32Array(LIMITS.nestingDepth)
  private readonly isMap = new Uint8Array(LIMITS.nestingDepth)
  /** Where each level's keys begin among `keySpans`, or its set when it has many. */
  private readonly firstKey = new Uint32Array(LIMITS.nestingDepth)
  private readonly keySets: (Set<string> | undefined)[] = new Array(LIMITS.nestingDepth).fill(undefined)
  /** From and to of every key of the maps around here, innermost last. */
  private readonly keySpans = new Uint32Array(2 * PAIRWISE_KEYS_MAX * LIMITS.nestingDepth)
  private keyCount = 0
  /** Of all maps, whether they are walked already or not. */
  private allKeys = 0
  private mostKeys = 0

  /** How many keys there are, or what is wrong. */
  run(bytes: Uint8Array, mostKeys: number): number | PackedFault {
    this.bytes = bytes
    this.allKeys = 0
    this.mostKeys = mostKeys
    this.at = 0
    this.fault = undefined
    this.depth = -1
    this.keyCount = 0
    const head = bytes[0]
    if (head === undefined || !((head & 0xf0) === 0x80 || head === 0xde || head === 0xdf)) {
      return { reason: 'a map must stand here', offset: 0 }
    }
    this.value()
    while (this.depth >= 0 && this.fault === undefined) this.step()
    if (this.fault === undefined && this.at < bytes.length) this.fail('nothing may follow the map', this.at)
    this.bytes = NO_BYTES
    this.keySets.fill(undefined)
    return this.fault ?? this.allKeys
  }

  /** Answers false, as does everything here that finds a fault. */
  private fail(reason: string, offset: number): false {
    this.fault ??= { reason, offset }
    return false
  }

  private step(): boolean {
    const { depth } = this
    const left = this.remaining[depth] as number
    if (left === 0) {
      this.keyCount = this.firstKey[depth] as number
      this.depth--
      return true
    }
    this.remaining[depth] = left - 1
    return (this.isMap[depth] === 0 || this.key()) && this.value()
  }

  private key(): boolean {
    const start = this.at
    const head = this.bytes[start]
    const isText = head !== undefined && ((head & 0xe0) === 0xa0 || (head >= 0xd9 && head <= 0xdb))
    if (!isText) return this.fail(head === undefined ? 'the bytes end early' : 'a key must be a string', start)
    if (!this.value()) return false
    const from = start + (head < 0xc0 ? 1 : 2 + (head === 0xd9 ? 0 : head === 0xda ? 1 : 3))
    return this.repeats(from, this.at) ? this.fail('a key must not stand twice in one map', start) : true
  }

  private repeats(from: number, to: number): boolean {
    const seen = this.keySets[this.depth]
    if (seen !== undefined) {
      const before = seen.size
      return seen.add(readText(this.bytes, from, to)).size === before
    }
    for (let key = this.firstKey[this.depth] as number; key < this.keyCount; key++) {
      if (this.sameText(this.keySpans[2 * key] as number, this.keySpans[2 * key + 1] as number, from, to)) return true
    }
    this.keySpans[2 * this.keyCount] = from
    this.keySpans[2 * this.keyCount + 1] = to
    this.keyCount++
    return false
  }

  private sameText(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    if (to - from !== otherTo - otherFrom) return false
    const { bytes } = this
    for (let i = from, other = otherFrom; i < to; i++, other++) {
      if (bytes[i] !== bytes[other]) return false
    }
    return true
  }

  /** One value: a scalar is passed over, a container becomes the innermost level. */
  private value(): boolean {
    const start = this.at
    const head = this.bytes[start]
    if (head === undefined) return this.fail('the bytes end early', start)
    this.at = start + 1
    if (head < 0x80 || head >= 0xe0) return true
    if (head < 0x90) return this.container(1, head & 0x0f, start)
    if (head < 0xa0) return this.container(0, head & 0x0f, start)
    if (head < 0xc0) return this.text(head & 0x1f, start)
    return this.longValue(head, start)
  }

  private longValue(head: number, start: number): boolean {
    switch (head) {
      case 0xc0: // nil, false, true
      case 0xc2:
      case 0xc3:
        return true
      case 0xca:
        return this.float(4, 0x80, start)
      case 0xcb:
        return this.float(8, 0xf0, start)
      case 0xcc: // uint8 to uint64, int8 to int64
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.skip(1 << (head - 0xcc), start)
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.skip(1 << (head - 0xd0), start)
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.length(1 << (head - 0xd9), start), start)
      case 0xdc:
      case 0xdd:
        return this.container(0, this.length(head === 0xdc ? 2 : 4, start), start)
      case 0xde:
      case 0xdf:
        return this.container(1, this.length(head === 0xde ? 2 : 4, start), start)
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.fail('binary is not JSON', start)
      default:
        return this.fail(head === 0xc1 ? '0xc1 is never used' : 'an extension type is not JSON', start)
    }
  }

  /** Big-endian; 0 with a fault when the bytes end before it does. */
  private length(width: number, start: number): number {
    if (this.at + width > this.bytes.length) {
      this.fail('the bytes end early', start)
      return 0
    }
    let length = 0
    for (let i = 0; i < width; i++) length = length * 256 + (this.bytes[this.at++] as number)
    return length
  }

  private skip(width: number, start: number): boolean {
    this.at += width
    return this.at <= this.bytes.length || this.fail('the bytes end early', start)
  }

  /** NaN and the infinities are the floats with every bit of the exponent set. */
  private float(width: number, lowExponentBits: number, start: number): boolean {
    const high = this.bytes[this.at] as number
    const low = this.bytes[this.at + 1] as number
    const finite = (high & 0x7f) !== 0x7f || (low & lowExponentBits) !== lowExponentBits
    return this.skip(width, start) && (finite || this.fail('a number must be finite', start))
  }

  private text(length: number, start: number): boolean {
    const from = this.at
    if (!this.skip(length, start)) return false
    const broken = utf8FaultAt(this.bytes, from, this.at)
    return broken < 0 || this.fail('a string must be valid UTF-8', broken)
  }

  private container(isMap: 0 | 1, count: number, start: number): boolean {
    if (this.fault !== undefined) return false
    // Every key and every value takes a byte at least, so a count cannot promise more than there is.
    if (count * (1 + isMap) > this.bytes.length - this.at) return this.fail('the bytes end early', start)
    if (this.depth + 1 === LIMITS.nestingDepth) {
      return this.fail(`nesting must not be deeper than ${LIMITS.nestingDepth} levels`, start)
    }
    if (isMap === 1) {
      this.allKeys += count
      if (this.allKeys > this.mostKeys) return this.fail(keysFault(this.mostKeys), start)
    }
    const depth = ++this.depth
    this.remaining[depth] = count
    this.isMap[depth] = isMap
    this.firstKey[depth] = this.keyCount
    this.keySets[depth] = isMap === 1 && count > PAIRWISE_KEYS_MAX ? new Set() : undefined
    return true
  }
}

export function keysFault(most: number): string {
  return `must hold at most ${most} keys`
}

const SCAN = new PackedScan()

/** What is wrong with the bytes, and where; the number of their keys when they are one map that JSON could say. */
export function scanPacked(bytes: Uint8Array, mostKeys: number = LIMITS.eventKeys): number | PackedFault {
  return SCAN.run(bytes, mostKeys)
}

/** Throws when the bytes are not one legal map. They must not be changed afterwards. */
export function checkedPacked(bytes: Uint8Array, mostKeys?: number): Packed {
  const outcome = scanPacked(bytes, mostKeys)
  if (typeof outcome === 'number') {
    const packed = new Packed(bytes)
    packed.keys = outcome
    return packed
  }
  const detail = `${outcome.reason} (byte ${outcome.offset})`
  throw new StoreError('INVALID_EVENT', `The MessagePack is not what it must be: ${detail}`, {
    errors: [{ pointer: '', detail }],
  })
}

/** Decodes by recursion, which checked bytes bound to 64 levels. */
class PackedReader {
  private at = 0
  private readonly view: DataView

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  value(depth: number): JsonValue {
    const head = this.view.getUint8(this.at++)
    if (head < 0x80) return head
    if (head < 0x90) return this.map(head & 0x0f, depth)
    if (head < 0xa0) return this.array(head & 0x0f, depth)
    if (head < 0xc0) return this.text(head & 0x1f)
    if (head >= 0xe0) return head - 0x100
    return this.longValue(head, depth)
  }

  private longValue(head: number, depth: number): JsonValue {
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xd9:
        return this.text(this.number(0xcc))
      case 0xda:
        return this.text(this.number(0xcd))
      case 0xdb:
        return this.text(this.number(0xce))
      case 0xdc:
        return this.array(this.number(0xcd), depth)
      case 0xdd:
        return this.array(this.number(0xce), depth)
      case 0xde:
        return this.map(this.number(0xcd), depth)
      case 0xdf:
        return this.map(this.number(0xce), depth)
      default:
        return this.number(head)
    }
  }

  private number(head: number): number {
    const { view, at } = this
    this.at += head === 0xca ? 4 : head === 0xcb ? 8 : 1 << (head & 0x03)
    switch (head) {
      case 0xca:
        return view.getFloat32(at)
      case 0xcb:
        return view.getFloat64(at)
      case 0xcc:
        return view.getUint8(at)
      case 0xcd:
        return view.getUint16(at)
      case 0xce:
        return view.getUint32(at)
      // JSON's numbers are doubles here: beyond 2^53 an integer becomes the nearest one.
      case 0xcf:
        return Number(view.getBigUint64(at))
      case 0xd0:
        return view.getInt8(at)
      case 0xd1:
        return view.getInt16(at)
      case 0xd2:
        return view.getInt32(at)
      case 0xd3:
        return Number(view.getBigInt64(at))
      default:
        throw new RangeError(`0x${head.toString(16)} at byte ${at - 1} is not JSON in MessagePack`)
    }
  }

  private text(length: number): string {
    const from = this.at
    this.at += length
    if (this.at > this.bytes.length) throw new RangeError(`the string at byte ${from} ends early`)
    return readText(this.bytes, from, this.at)
  }

  private array(count: number, depth: number): JsonValue[] {
    this.bound(depth)
    const array: JsonValue[] = []
    for (let i = 0; i < count; i++) array.push(this.value(depth + 1))
    return array
  }

  private map(count: number, depth: number): JsonObject {
    this.bound(depth)
    const map: Record<string, JsonValue> = {}
    for (let i = 0; i < count; i++) {
      const name = this.value(depth + 1) as string
      const value = this.value(depth + 1)
      // Assigning to this one name would set the prototype instead of keeping the key.
      if (name === '__proto__') {
        Object.defineProperty(map, name, { value, enumerable: true, writable: true, configurable: true })
      } else {
        map[name] = value
      }
    }
    return map
  }

  private bound(depth: number): void {
    if (depth >= LIMITS.nestingDepth) throw new RangeError(`nested deeper than ${LIMITS.nestingDepth} levels`)
  }
}

/** Decodes bytes that passed `checkedPacked`; of others it makes a RangeError or nonsense, but never a crash. */
export function unpack(bytes: Uint8Array): JsonObject {
  return new PackedReader(bytes).value(0) as JsonObject
}
