// Reads MessagePack from clients as far as JSON could express it; the payloads of appends stay bytes.

import { pointerSegment } from '../contract/check/field-findings.js'
import { StoreError } from '../contract/errors.js'
import { Packed } from '../contract/event.js'
import { LIMITS } from '../contract/limits.js'
import { setOwn } from '../contract/own-key.js'
import {
  ARRAY,
  FOREIGN,
  foreignFault,
  headValue,
  KINDS,
  MAP,
  NUMBER,
  PackCursor,
  TEXT,
} from '../record/codec/cursor.js'
import { PackedMap } from '../record/codec/scan.js'
import { tooManyKeys } from './json-body.js'

/** A thousand events with every tag and parent they may have hold fewer values than this beside their payloads. */
export const PACKED_VALUES_MAX = 200_000

/** Where in an append the reader is, because only maps of the request and of its `events` may hold payloads. */
enum Place {
  plain = 0,
  request = 1,
  events = 2,
  event = 3,
}

class BodyReader extends PackCursor {
  private left = PACKED_VALUES_MAX
  /** Counts all maps, those of payloads included, because the limit is for the whole body. */
  private keys = 0
  /** The keys and indexes that lead to the current value, for JSON Pointers. */
  private readonly path: (string | number)[] = []

  run(place: Place): unknown {
    const value = this.value(0, place)
    if (this.at < this.bytes.length) this.fail('nothing may follow the value', this.at)
    return value
  }

  protected fail(reason: string, at: number): never {
    throw new StoreError('MALFORMED_BODY', `The body is not what MessagePack must be here: ${reason} (byte ${at}).`)
  }

  /** The recursion is bounded, because `enter` limits the depth. */
  private value(depth: number, place: Place): unknown {
    const start = this.at
    const head = this.head()
    this.countValue()
    switch (KINDS[head]) {
      case TEXT:
        return this.provenText(head, start)
      case NUMBER:
        return this.exactNumber(head, start)
      case ARRAY:
        return this.array(this.size(head, start), depth, place)
      case MAP:
        return this.map(this.size(head, start), depth, place)
      case FOREIGN:
        return this.fail(foreignFault(head), start)
      default:
        return headValue(head)
    }
  }

  private countValue(): void {
    if (--this.left >= 0) return
    throw new StoreError('BODY_TOO_LARGE', `The body holds more than ${PACKED_VALUES_MAX} keys and values: split it.`)
  }

  private provenText(head: number, start: number): string {
    const length = this.size(head, start)
    const from = this.at
    this.passText(length, start)
    return this.textFrom(from)
  }

  private exactNumber(head: number, start: number): number {
    const value = this.number(head, start)
    if (!Number.isFinite(value)) this.fail('a number must be finite', start)
    if (this.keepsValue(head, start)) return value
    const detail = 'is a number that would change when it is read: send it as a string'
    throw this.refusal('INVALID_REQUEST', 'The request', detail)
  }

  private refusal(code: 'INVALID_REQUEST' | 'INVALID_EVENT', what: string, detail: string): StoreError {
    const pointer = this.path.map(pointerSegment).join('')
    return new StoreError(code, `${what} breaks a rule: ${pointer} ${detail}`, { errors: [{ pointer, detail }] })
  }

  private enter(items: number, depth: number): void {
    this.mustHold(items, this.at)
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

  private map(count: number, depth: number, place: Place): Record<string, unknown> {
    this.enter(2 * count, depth)
    this.countKeys(count)
    const map: Record<string, unknown> = {}
    const holdsPayloads = place === Place.request || place === Place.event
    const step = this.path.push('') - 1
    for (let i = 0; i < count; i++) {
      const start = this.at
      const name = this.key(start)
      if (Object.hasOwn(map, name)) this.fail('a key must not stand twice in one map', start)
      this.path[step] = name
      const isPayload = holdsPayloads && (name === 'data' || name === 'metadata') && this.startsMap()
      const inner = place === Place.request && name === 'events' ? Place.events : Place.plain
      setOwn(map, name, isPayload ? this.payload() : this.value(depth + 1, inner))
    }
    this.path.pop()
    return map
  }

  private countKeys(count: number): void {
    this.keys += count
    if (this.keys > LIMITS.bodyKeys) throw tooManyKeys(LIMITS.bodyKeys)
  }

  private key(start: number): string {
    const head = this.bytes[start] ?? 0
    if (KINDS[head] !== TEXT) this.fail('a key must be a string', start)
    this.at++
    this.countValue()
    return this.provenText(head, start)
  }

  private startsMap(): boolean {
    return KINDS[this.bytes[this.at] ?? 0] === MAP
  }

  private payload(): Packed {
    const from = this.at
    const payload = PackedMap.within(this.bytes, from)
    if (payload instanceof Packed) {
      this.countKeys(payload.keys as number)
      this.at = from + payload.bytes.length
      return payload
    }
    // Skipping first lets a body that is broken or holds too many keys be refused for that instead.
    this.skip()
    throw this.refusal('INVALID_EVENT', 'The event', `${payload.reason} (byte ${payload.offset})`)
  }

  /** Skips one value. It counts the values still to come instead of recursing, because this payload may be too deep. */
  private skip(): void {
    for (let left = 1; left > 0; left--) {
      const start = this.at
      const head = this.head()
      const kind = KINDS[head]
      if (kind === FOREIGN) this.fail(foreignFault(head), start)
      else if (kind === NUMBER) this.passNumber(head, start)
      else if (kind === TEXT) this.pass(this.size(head, start), start)
      else if (kind === ARRAY) left += this.size(head, start)
      else if (kind === MAP) {
        const count = this.size(head, start)
        this.countKeys(count)
        left += 2 * count
      }
    }
  }
}

/** Decodes one value as plain JSON. Throws MALFORMED_BODY, INVALID_REQUEST or BODY_TOO_LARGE. */
export function decodeMessagePack(bytes: Buffer): unknown {
  return new BodyReader(bytes).run(Place.plain)
}

/** Decodes an append; its payloads stay bytes, checked to be what the store accepts. Throws INVALID_EVENT as well. */
export function decodeAppend(bytes: Buffer): unknown {
  return new BodyReader(bytes).run(Place.request)
}
