// Turns checked JSON into MessagePack in the plainest way; no key means anything, not even `toJSON`.
import type { JsonObject, JsonValue } from '../../contract/event.js'

const ENCODER = new TextEncoder()

export function packJson(object: JsonObject): Uint8Array {
  const parts: Uint8Array[] = []
  put(object, parts)
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function put(value: JsonValue, parts: Uint8Array[]): void {
  if (value === null) parts.push(Uint8Array.of(0xc0))
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? 0xc3 : 0xc2))
  else if (typeof value === 'number') parts.push(packNumber(value))
  else if (typeof value === 'string') putText(value, parts)
  else if (Array.isArray(value)) {
    parts.push(head(value.length, { short: 0x90, shortMax: 15, long: [0, 0xdc, 0xdd] }))
    for (const item of value) put(item as JsonValue, parts)
  } else {
    const entries = Object.entries(value)
    parts.push(head(entries.length, { short: 0x80, shortMax: 15, long: [0, 0xde, 0xdf] }))
    for (const [name, item] of entries) {
      putText(name, parts)
      put(item, parts)
    }
  }
}

function putText(text: string, parts: Uint8Array[]): void {
  const bytes = ENCODER.encode(text)
  parts.push(head(bytes.length, { short: 0xa0, shortMax: 31, long: [0xd9, 0xda, 0xdb] }), bytes)
}

/** Integers take their shortest form. All other numbers are doubles, so that -0 stays -0. */
function packNumber(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return wide(0xcb, view => view.setFloat64(1, value))
  if (value >= -0x20 && value < 0x80) return Uint8Array.of(value & 0xff)
  const [byte, two, four, eight] = value < 0 ? [0xd0, 0xd1, 0xd2, 0xd3] : [0xcc, 0xcd, 0xce, 0xcf]
  const most = value < 0 ? -1 - value : Math.floor(value / 2)
  if (most < 0x80) return Uint8Array.of(byte as number, value & 0xff)
  if (most < 0x8000) return Uint8Array.of(two as number, (value >> 8) & 0xff, value & 0xff)
  if (most < 0x8000_0000) return wide(four as number, view => view.setInt32(1, value | 0)).subarray(0, 5)
  return wide(eight as number, view => view.setBigInt64(1, BigInt(value)))
}

function wide(head: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(9)
  bytes[0] = head
  write(new DataView(bytes.buffer))
  return bytes
}

interface Heads {
  readonly short: number
  readonly shortMax: number
  /** For lengths of one, two and four bytes; 0 where MessagePack has no such head. */
  readonly long: readonly [number, number, number]
}

function head(length: number, { short, shortMax, long }: Heads): Uint8Array {
  if (length <= shortMax) return Uint8Array.of(short | length)
  if (length <= 0xff && long[0] !== 0) return Uint8Array.of(long[0], length)
  if (length <= 0xffff) return Uint8Array.of(long[1], length >> 8, length)
  return Uint8Array.of(long[2], length >>> 24, length >> 16, length >> 8, length)
}
