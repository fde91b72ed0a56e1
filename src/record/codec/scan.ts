// Proves that MessagePack is one map that JSON could express, without decoding it; see ADR 5.
import { keysFault } from '../../contract/check/field-checks.js'
import { StoreError } from '../../contract/errors.js'
import { Packed, type PackedFault } from '../../contract/event.js'
import { LIMITS } from '../../contract/limits.js'
import { ARRAY, bufferOf, FOREIGN, foreignFault, KINDS, MAP, NUMBER, PackCursor, TEXT } from './cursor.js'

/** Keys of maps up to this size are compared pair by pair, so that no set has to be allocated for them. */
const PAIRWISE_KEYS_MAX = 24
const NO_BYTES = Buffer.alloc(0)

class Fault extends Error {
  constructor(
    readonly reason: string,
    readonly offset: number,
  ) {
    super(reason)
  }
}

/** Walks the bytes once, with one frame per level, and allocates nothing for a map of ordinary size. */
class PackedScan extends PackCursor {
  /** Keys of all maps entered, whether they are walked already or not. */
  keys = 0
  private mostKeys = 0
  private isSent = false
  private depth = -1
  /** Values still to come on each level. */
  private readonly remaining = new Uint32Array(LIMITS.nestingDepth)
  private readonly isMap = new Uint8Array(LIMITS.nestingDepth)
  /** Where each level's keys begin among `keySpans`, or its set when it has many. */
  private readonly firstKey = new Uint32Array(LIMITS.nestingDepth)
  private readonly keySets: (Set<string> | undefined)[] = new Array(LIMITS.nestingDepth).fill(undefined)
  /** Start and end of every key of the maps around the current place, innermost last. */
  private readonly keySpans = new Uint32Array(2 * PAIRWISE_KEYS_MAX * LIMITS.nestingDepth)
  private keyCount = 0

  /**
   * What is wrong with the map at `from`, with an offset from there; when nothing is, `at` is where the map ends. What is
   * stored may hold integers that are read as the nearest double; from who sends one now it is not taken.
   */
  run(bytes: Buffer, from: number, mostKeys: number, isSent: boolean): PackedFault | undefined {
    this.bytes = bytes
    this.at = from
    this.keys = 0
    this.mostKeys = mostKeys
    this.isSent = isSent
    this.depth = -1
    this.keyCount = 0
    try {
      this.map()
      return undefined
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.keySets.fill(undefined)
      return { reason: error.reason, offset: error.offset - from }
    } finally {
      this.bytes = NO_BYTES
    }
  }

  protected fail(reason: string, offset: number): never {
    throw new Fault(reason, offset)
  }

  private map(): void {
    if (KINDS[this.bytes[this.at] ?? 0] !== MAP) this.fail('a map must stand here', this.at)
    this.value()
    while (this.depth >= 0) {
      const { depth } = this
      const left = this.remaining[depth] as number
      if (left === 0) this.leave(depth)
      else {
        this.remaining[depth] = left - 1
        if (this.isMap[depth] === 1) this.key()
        this.value()
      }
    }
  }

  private key(): void {
    const start = this.at
    const head = this.head()
    if (KINDS[head] !== TEXT) this.fail('a key must be a string', start)
    const length = this.size(head, start)
    const from = this.at
    this.passText(length, start)
    if (this.repeats(from, this.at)) this.fail('a key must not stand twice in one map', start)
  }

  private repeats(from: number, to: number): boolean {
    const seen = this.keySets[this.depth]
    if (seen !== undefined) {
      const before = seen.size
      return seen.add(this.bytes.toString('utf8', from, to)).size === before
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
  private value(): void {
    const start = this.at
    const head = this.head()
    switch (KINDS[head]) {
      case TEXT:
        this.passText(this.size(head, start), start)
        break
      case NUMBER:
        this.passNumber(head, start)
        if (head <= 0xcb) this.mustBeFinite(head, start)
        else if (this.isSent && !this.keepsValue(head, start))
          this.fail('a number would change when it is read: send it as a string', start)
        break
      case ARRAY:
        this.enter(0, this.size(head, start), start)
        break
      case MAP:
        this.enter(1, this.size(head, start), start)
        break
      case FOREIGN:
        this.fail(foreignFault(head), start)
    }
  }

  /** NaN and the infinities are the floats with every bit of the exponent set. */
  private mustBeFinite(head: number, start: number): void {
    const high = this.bytes[start + 1] as number
    const low = this.bytes[start + 2] as number
    const lowExponentBits = head === 0xca ? 0x80 : 0xf0
    if ((high & 0x7f) === 0x7f && (low & lowExponentBits) === lowExponentBits)
      this.fail('a number must be finite', start)
  }

  private enter(isMap: 0 | 1, count: number, start: number): void {
    this.mustHold(count * (1 + isMap), start)
    if (this.depth + 1 === LIMITS.nestingDepth) {
      this.fail(`nesting must not be deeper than ${LIMITS.nestingDepth} levels`, start)
    }
    if (isMap === 1) {
      this.keys += count
      if (this.keys > this.mostKeys) this.fail(keysFault(this.mostKeys), start)
    }
    const depth = ++this.depth
    this.remaining[depth] = count
    this.isMap[depth] = isMap
    this.firstKey[depth] = this.keyCount
    if (isMap === 1 && count > PAIRWISE_KEYS_MAX) this.keySets[depth] = new Set()
  }

  private leave(depth: number): void {
    this.keyCount = this.firstKey[depth] as number
    this.keySets[depth] = undefined
    this.depth--
  }
}

const SCAN = new PackedScan(NO_BYTES)

/** The number of keys when the bytes are one map that JSON could express; else what is wrong with them, and where. */
export function scanPacked(bytes: Uint8Array, mostKeys: number = LIMITS.eventKeys): number | PackedFault {
  const fault = SCAN.run(bufferOf(bytes), 0, mostKeys, false)
  if (fault !== undefined) return fault
  return SCAN.at < bytes.length ? { reason: 'nothing may follow the map', offset: SCAN.at } : SCAN.keys
}

/** A payload that is given as one map; `keys` is known only where that has been proved. */
export class PackedMap extends Packed {
  /** Throws when the bytes are not one legal map. They must not be changed afterwards. */
  static checked(bytes: Uint8Array, mostKeys?: number): PackedMap {
    const outcome = scanPacked(bytes, mostKeys)
    if (typeof outcome === 'number') return new PackedMap(bytes, outcome)
    const detail = `${outcome.reason} (byte ${outcome.offset})`
    throw new StoreError('INVALID_EVENT', `The MessagePack is not what it must be: ${detail}`, {
      errors: [{ pointer: '', detail }],
    })
  }

  /** The map that a client sends at `from`, or what is wrong with it. Bytes behind the map are not looked at. */
  static within(bytes: Buffer, from: number): PackedMap | PackedFault {
    const fault = SCAN.run(bytes, from, LIMITS.eventKeys, true)
    return fault ?? new PackedMap(bytes.subarray(from, SCAN.at), SCAN.keys)
  }

  count(mostKeys: number): number | PackedFault {
    return this.keys ?? scanPacked(this.bytes, mostKeys)
  }
}
