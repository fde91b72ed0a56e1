// Reads MessagePack of clients as far as JSON could say it; the payloads of appends stay bytes.

import { pointerSegment } from '../contract/check/field-findings.js'
import { StoreError } from '../contract/errors.js'
import type { Packed } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { checkedPacked } from '../contract/packed.js'
import { readText, utf8FaultAt } from '../contract/utf8.js'
import { tooManyKeys } from './json-body.js'

type Plain = Record<string, unknown>

/** Beside its payloads a thousand events with every tag and parent they may have hold fewer. */
export const PACKED_VALUES_MAX = 200_000

/** Where in an append the reader is: payloads stand in the request itself and in the maps of its `events`. */
enum Place {
  plain = 0,
  request = 1,
  events = 2,
  event = 3,
}

class BodyReader {
  private at = 0
  private left = PACKED_VALUES_MAX
  /** Of all maps, those of payloads included. */
  private keys = 0
  private readonly view: DataView
  /** Keys and indexes on the way to the value in hand. */
  private readonly path: (string | number)[] = []

  constructor(private readonly bytes: Buffer) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  run(place: Place): unknown {
    const value = this.value(0, place)
    if (this.at < this.bytes.length) this.fail('nothing may follow the value', this.at)
    return value
  }

  private fail(reason: string, at: number): never {
    throw new StoreError('MALFORMED_BODY', `The body is not what MessagePack must be here: ${reason} (byte ${at}).`)
  }

  private tooMuch(): never {
    throw new StoreError('BODY_TOO_LARGE', `The body holds more than ${PACKED_VALUES_MAX} keys and values: split it.`)
  }

  /** Recurses as deep as `enter` allows. */
  private value(depth: number, place: Place): unknown {
    const start = this.at
    const head = this.take(1, start) && (this.bytes[start] as number)
    if (--this.left < 0) this.tooMuch()
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 0x100
    if (head < 0x90) return this.map(head & 0x0f, depth, place)
    if (head < 0xa0) return this.array(head & 0x0f, depth, place)
    if (head < 0xc0) return this.text(head & 0x1f, start)
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.length(1 << (head - 0xd9), start), start)
      case 0xdc:
      case 0xdd:
        return this.array(this.length(head === 0xdc ? 2 : 4, start), depth, place)
      case 0xde:
      case 0xdf:
        return this.map(this.length(head === 0xde ? 2 : 4, start), depth, place)
      default:
        return this.number(head, start)
    }
  }

  private number(head: number, start: number): number {
    if (head < 0xca || head > 0xd3) return this.fail(strangerOf(head), start)
    const at = this.at
    this.take(head === 0xca ? 4 : head === 0xcb ? 8 : 1 << (head & 0x03), start)
    switch (head) {
      case 0xca:
        return this.finite(this.view.getFloat32(at), start)
      case 0xcb:
        return this.finite(this.view.getFloat64(at), start)
      case 0xcc:
        return this.view.getUint8(at)
      case 0xcd:
        return this.view.getUint16(at)
      case 0xce:
        return this.view.getUint32(at)
      case 0xcf:
        return exact(this.view.getBigUint64(at), this.path)
      case 0xd0:
        return this.view.getInt8(at)
      case 0xd1:
        return this.view.getInt16(at)
      case 0xd2:
        return this.view.getInt32(at)
      default:
        return exact(this.view.getBigInt64(at), this.path)
    }
  }

  private finite(value: number, start: number): number {
    return Number.isFinite(value) ? value : this.fail('a number must be finite', start)
  }

  private take(bytes: number, start: number): true {
    this.at += bytes
    return this.at <= this.bytes.length || this.fail('the bytes end early', start)
  }

  private length(width: number, start: number): number {
    const at = this.at
    this.take(width, start)
    return width === 1 ? this.view.getUint8(at) : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at)
  }

  private text(length: number, start: number): string {
    const from = this.at
    this.take(length, start)
    const fault = utf8FaultAt(this.bytes, from, this.at)
    return fault < 0 ? readText(this.bytes, from, this.at) : this.fail('a string must be valid UTF-8', fault)
  }

  /** Every item takes a byte at least, so a count cannot promise more than there is. */
  private enter(least: number, depth: number): void {
    if (least > this.bytes.length - this.at) this.fail('the bytes end early', this.at)
    if (depth === LIMITS.nestingDepth)
      this.fail(`nesting must not be deeper than ${LIMITS.nestingDepth} levels`, this.at)
  }

  private array(count: number, depth: number, place: Place): unknown[] {
    this.enter(count, depth)
    const inner = place === Place.events ? Place.event : Place.plain
    const items: unknown[] = []
    const step = this.path.push(0) - 1
    for (let i = 0; i < count; i++) {
      this.path[step] = i
      items.push(this.value(depth + 1, inner))
    }
    this.path.pop()
    return items
  }

  private map(count: number, depth: number, place: Place): Plain {
    this.enter(2 * count, depth)
    this.countKeys(count)
    const map: Plain = {}
    const holdsPayloads = place === Place.request || place === Place.event
    const step = this.path.push('') - 1
    for (let i = 0; i < count; i++) {
      const start = this.at
      const name = this.key(start)
      if (Object.hasOwn(map, name)) this.fail('a key must not stand twice in one map', start)
      this.path[step] = name
      const isPayload = holdsPayloads && (name === 'data' || name === 'metadata') && this.startsMap()
      const inner = place === Place.request && name === 'events' ? Place.events : Place.plain
      put(map, name, isPayload ? this.payload() : this.value(depth + 1, inner))
    }
    this.path.pop()
    return map
  }

  private countKeys(count: number): number {
    this.keys += count
    if (this.keys > LIMITS.bodyKeys) throw tooManyKeys(LIMITS.bodyKeys)
    return count
  }

  private key(start: number): string {
    const head = this.bytes[start] ?? 0
    if (!((head & 0xe0) === 0xa0 || (head >= 0xd9 && head <= 0xdb))) this.fail('a key must be a string', start)
    return this.value(0, Place.plain) as string
  }

  private startsMap(): boolean {
    const head = this.bytes[this.at] ?? 0
    return (head & 0xf0) === 0x80 || head === 0xde || head === 0xdf
  }

  private payload(): Packed {
    const from = this.at
    this.skip()
    const slice = this.bytes.subarray(from, this.at)
    try {
      return checkedPacked(slice)
    } catch (error) {
      const detail = (error as StoreError).errors?.[0]?.detail ?? 'is not legal MessagePack'
      const pointer = pointerOf(this.path)
      throw new StoreError('INVALID_EVENT', `The event breaks a rule: ${pointer} ${detail}`, {
        errors: [{ pointer, detail }],
      })
    }
  }

  /** To the end of one value, whatever it holds: only how many values are still to come is kept. */
  private skip(): void {
    for (let left = 1; left > 0; left--) {
      const start = this.at
      const head = this.take(1, start) && (this.bytes[start] as number)
      if (head < 0x80 || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) continue
      if (head < 0x90) left += 2 * this.countKeys(head & 0x0f)
      else if (head < 0xa0) left += head & 0x0f
      else if (head < 0xc0) this.take(head & 0x1f, start)
      else if (head >= 0xd9 && head <= 0xdb) this.take(this.length(1 << (head - 0xd9), start), start)
      else if (head === 0xdc || head === 0xdd) left += this.length(head === 0xdc ? 2 : 4, start)
      else if (head === 0xde || head === 0xdf) left += 2 * this.countKeys(this.length(head === 0xde ? 2 : 4, start))
      else if (head < 0xca || head > 0xd3) this.fail(strangerOf(head), start)
      else this.take(head === 0xca ? 4 : head === 0xcb ? 8 : 1 << (head & 0x03), start)
    }
  }
}

function strangerOf(head: number): string {
  if (head === 0xc1) return '0xc1 is never used'
  return head >= 0xc4 && head <= 0xc6 ? 'binary is not JSON' : 'an extension type is not JSON'
}

function pointerOf(path: readonly (string | number)[]): string {
  return path.map(pointerSegment).join('')
}

function exact(value: bigint, path: readonly (string | number)[]): number {
  const double = Number(value)
  if (BigInt(double) === value) return double
  const pointer = pointerOf(path)
  const detail = 'is a number that would change when it is read: send it as a string'
  throw new StoreError('INVALID_REQUEST', `The request breaks a rule: ${pointer} ${detail}`, {
    errors: [{ pointer, detail }],
  })
}

/** Assigning to `__proto__` would set the prototype instead of keeping the key. */
function put(map: Plain, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(map, name, { value, enumerable: true, writable: true, configurable: true })
  } else {
    map[name] = value
  }
}

/** One value as plain JSON; throws MALFORMED_BODY or INVALID_REQUEST. */
export function decodeMessagePack(bytes: Buffer): unknown {
  return new BodyReader(bytes).run(Place.plain)
}

/** An append: its payloads stay bytes, proved to be what the store takes. */
export function decodeAppend(bytes: Buffer): unknown {
  return new BodyReader(bytes).run(Place.request)
}
