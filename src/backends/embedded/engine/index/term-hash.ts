// The 64-bit hash by which sealed postings know a term: two 32-bit lanes as in MurmurHash3, with the kind mixed in.

export interface TermHash {
  /** Both lanes are signed 32 bits, because V8 boxes what lies above 2^31. The dictionary is sorted by `high >>> 0`. */
  readonly high: number
  readonly low: number
}

/** A hash that is written to again and again, where many terms are hashed and none is kept. */
export interface HashSlot {
  high: number
  low: number
}

export type HashTerm = (kind: number, text: string) => TermHash

let lastKind = -1
let lastText = ''
let lastHash: TermHash = { high: 0, low: 0 }

/**
 * The hash is part of the file format, so a change of it is a new version of the format. It takes the UTF-16 code units
 * in pairs, so a text needs no encoding. The last result is remembered, because one lookup asks many segments for the
 * same term.
 */
export function hashTerm(kind: number, text: string): TermHash {
  if (kind === lastKind && text === lastText) return lastHash
  const length = text.length
  let a = Math.imul(kind + 1, 0x9e3779b1)
  let b = Math.imul(kind + 1, 0x85ebca6b)
  // The lanes meet only at the end, so that the processor can work on both at once.
  for (let i = 0; i < length; i += 2) {
    const word = i + 1 < length ? text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16) : text.charCodeAt(i)
    a = Math.imul(a ^ word, 0xcc9e2d51)
    a ^= a >>> 15
    b = Math.imul(b ^ word, 0x1b873593)
    b ^= b >>> 13
  }
  lastKind = kind
  lastText = text
  lastHash = finished(a, b, length, { high: 0, low: 0 })
  return lastHash
}

/**
 * The same hash of a text that lies in `bytes` as UTF-8, without making a string of it. Returns false when it is not
 * ASCII, because its bytes are then not its code units.
 */
export function hashAscii(kind: number, bytes: Uint8Array, from: number, to: number, into: HashSlot): boolean {
  let a = Math.imul(kind + 1, 0x9e3779b1)
  let b = Math.imul(kind + 1, 0x85ebca6b)
  let seen = 0
  for (let i = from; i < to; i += 2) {
    const word = i + 1 < to ? (bytes[i] as number) | ((bytes[i + 1] as number) << 16) : (bytes[i] as number)
    seen |= word
    a = Math.imul(a ^ word, 0xcc9e2d51)
    a ^= a >>> 15
    b = Math.imul(b ^ word, 0x1b873593)
    b ^= b >>> 13
  }
  if ((seen & 0x80_0080) !== 0) return false
  finished(a, b, to - from, into)
  return true
}

/** The length distinguishes a text of odd length from the same text with a zero unit behind it. */
function finished(one: number, other: number, length: number, into: HashSlot): HashSlot {
  let a = ((one ^ length) + (other ^ length)) | 0
  let b = ((other ^ length) + a) | 0
  a = avalanche(a)
  b = avalanche(b)
  a = (a + b) | 0
  b = (b + a) | 0
  into.high = a
  into.low = b
  return into
}

function avalanche(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
