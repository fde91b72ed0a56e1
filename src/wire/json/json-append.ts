// Reads an append in JSON in one pass: its fields become values, the payloads of its events the bytes that are stored.
import { isUtf8 } from 'node:buffer'
import type { Packed } from '../../contract/event.js'
import { LIMITS } from '../../contract/limits.js'
import { setOwn } from '../../contract/own-key.js'
import { KeptTexts } from '../../record/codec/kept-texts.js'
import { PackedMap } from '../../record/codec/scan.js'
import { PackWriter } from '../../record/codec/writer.js'
import { JSON_DEPTH_MAX, JSON_VALUES_MAX, parseJsonBody } from '../json-body.js'
import { UNUSUAL, Unusual } from './json-cursor.js'
import { JsonPayloads } from './json-payload.js'

/** Where in an append the reader is, because only objects of the request and of its `events` may hold payloads. */
enum Place {
  plain = 0,
  request = 1,
  events = 2,
  event = 3,
}

/** Numbers may take more than their text does, and a text needs a few bytes more while it is written. */
const SPARE_BYTES = 64

class AppendReader extends JsonPayloads {
  private readonly kept = new KeptTexts()
  private ofEvent = 0
  private ofBatch = 0

  run(bytes: Buffer): unknown {
    this.beginWriting(bytes, Buffer.allocUnsafe(bytes.length + SPARE_BYTES))
    this.ofBatch = 0
    try {
      if (this.next() !== 0x7b) throw UNUSUAL
      const value = this.map(1, Place.request)
      if (this.next() !== 0 || this.at < bytes.length) throw UNUSUAL
      if (this.keys > LIMITS.bodyKeys || this.values > JSON_VALUES_MAX) throw UNUSUAL
      return value
    } finally {
      this.end()
    }
  }

  private plain(depth: number, place: Place): unknown {
    const byte = this.next()
    if (byte === 0x22) return this.shortText()
    if (byte === 0x7b) return this.map(depth + 1, place)
    if (byte === 0x5b) return this.list(depth + 1, place)
    return byte === 0x2d || (byte >= 0x30 && byte <= 0x39) ? this.number(byte) : this.literal()
  }

  /** `depth` counts this object and all around it. */
  private map(depth: number, place: Place): Record<string, unknown> {
    if (depth > JSON_DEPTH_MAX) throw UNUSUAL
    if (place !== Place.plain) this.ofEvent = 0
    const map: Record<string, unknown> = {}
    let count = 0
    this.at++
    if (this.next() === 0x7d) this.at++
    else {
      for (;;) {
        this.field(map, depth, place)
        count++
        const byte = this.next()
        this.at++
        if (byte === 0x7d) break
        if (byte !== 0x2c) throw UNUSUAL
        this.next()
      }
    }
    this.keys += count
    this.values += count === 0 ? 1 : count
    return map
  }

  private field(map: Record<string, unknown>, depth: number, place: Place): void {
    const name = this.shortText()
    if (Object.hasOwn(map, name) || this.next() !== 0x3a) throw UNUSUAL
    this.at++
    const holdsPayloads = place === Place.request || place === Place.event
    const isPayload = holdsPayloads && (name === 'data' || name === 'metadata') && this.next() === 0x7b
    if (isPayload) map[name] = this.payload(name === 'data' ? LIMITS.eventBytes : LIMITS.metadataBytes)
    else setOwn(map, name, this.plain(depth, place === Place.request && name === 'events' ? Place.events : Place.plain))
  }

  private list(depth: number, place: Place): unknown[] {
    if (depth > JSON_DEPTH_MAX) throw UNUSUAL
    const inner = place === Place.events ? Place.event : Place.plain
    const items: unknown[] = []
    this.at++
    if (this.next() === 0x5d) this.at++
    else {
      for (;;) {
        items.push(this.plain(depth, inner))
        const byte = this.next()
        this.at++
        if (byte === 0x5d) break
        if (byte !== 0x2c) throw UNUSUAL
      }
    }
    this.values += items.length === 0 ? 1 : items.length
    return items
  }

  /** What is too large or has too many keys is left to the checks of plain values, so that they name all that is wrong. */
  private payload(most: number): Packed {
    const from = this.writer.at
    const keysBefore = this.keys
    this.object(0)
    const bytes = this.writer.buffer.subarray(from, this.writer.at)
    const keys = this.keys - keysBefore
    this.ofEvent += bytes.length
    this.ofBatch += bytes.length
    const isTooLarge = bytes.length > most || this.ofEvent > LIMITS.eventBytes || this.ofBatch > LIMITS.batchBytes
    if (isTooLarge || keys > LIMITS.eventKeys) throw UNUSUAL
    return new PackedMap(bytes, keys)
  }

  /** A text without escapes. */
  private shortText(): string {
    const { bytes, length } = this
    const from = this.at + 1
    if (bytes[this.at] !== 0x22) throw UNUSUAL
    let at = from
    for (; ; at++) {
      if (at >= length) throw UNUSUAL
      const byte = bytes[at] as number
      if (byte === 0x22) break
      if (byte === 0x5c || byte < 0x20) throw UNUSUAL
    }
    this.at = at + 1
    return this.kept.text(bytes, from, at)
  }
}

const READER = new AppendReader(new PackWriter(Buffer.alloc(0)))

/** What `parseJsonBody` says of the same bytes, but for `data` and `metadata` that are objects: they are packed. */
export function parseJsonAppend(bytes: Buffer): unknown {
  try {
    if (isUtf8(bytes)) return READER.run(bytes)
  } catch (error) {
    if (!(error instanceof Unusual)) throw error
  }
  return parseJsonBody(bytes)
}
