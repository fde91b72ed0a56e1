// The 64-bit hash by which sealed postings know a term: two 32-bit lanes as in MurmurHash3, with the kind mixed in.

export interface TermHash {
  /** Both lanes are signed 32 bits, because V8 boxes what lies above 2^31. The dictionary is sorted by `high >>> 0`. */
  readonly high: number
  readonly low: number
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
  // The length distinguishes a text of odd length from the same text with a zero unit behind it.
  a ^= length
  b ^= length
  a = (a + b) | 0
  b = (b + a) | 0
  a = avalanche(a)
  b = avalanche(b)
  a = (a + b) | 0
  b = (b + a) | 0
  lastKind = kind
  lastText = text
  lastHash = { high: a, low: b }
  return lastHash
}

function avalanche(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
