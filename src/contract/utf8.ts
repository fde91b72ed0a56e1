// UTF-8: whether bytes are it, the text they say, and as much of a text as fits into some bytes.

/** Shorter ASCII texts are put together character by character, which beats a decoder's fixed cost. */
const SHORT_TEXT_BYTES = 24
// A leading U+FEFF is text like any other here, so it must not be taken for a byte order mark.
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function continues(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

/** The length of the well-formed sequence at `at`, or 0: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
function sequenceLength(bytes: Uint8Array, at: number, to: number): number {
  const head = bytes[at] as number
  const next = at + 1 < to ? (bytes[at + 1] as number) : 0
  if (!continues(next) || head < 0xc2 || head > 0xf4) return 0
  if (head < 0xe0) return 2
  if (at + 2 >= to || !continues(bytes[at + 2])) return 0
  if (head < 0xf0) {
    const overlong = head === 0xe0 && next < 0xa0
    const surrogate = head === 0xed && next > 0x9f
    return overlong || surrogate ? 0 : 3
  }
  if (at + 3 >= to || !continues(bytes[at + 3])) return 0
  const overlong = head === 0xf0 && next < 0x90
  const beyond = head === 0xf4 && next > 0x8f
  return overlong || beyond ? 0 : 4
}

/** The offset of the first byte that is not UTF-8, or -1. */
export function utf8FaultAt(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to) {
    if ((bytes[at] as number) < 0x80) {
      at++
      continue
    }
    const length = sequenceLength(bytes, at, to)
    if (length === 0) return at
    at += length
  }
  return -1
}

export function readText(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > SHORT_TEXT_BYTES) return DECODER.decode(bytes.subarray(from, to))
  let text = ''
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number
    if (byte >= 0x80) return DECODER.decode(bytes.subarray(from, to))
    text += String.fromCharCode(byte)
  }
  return text
}

const ENCODER = new TextEncoder()

/** The longest beginning of a text that takes at most so many bytes, and never half a character. */
export function cutToBytes(text: string, most: number): string {
  const { read } = ENCODER.encodeInto(text, new Uint8Array(most))
  return text.slice(0, read)
}
