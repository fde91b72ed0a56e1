// As much of a text as fits into some bytes of UTF-8.

const ENCODER = new TextEncoder()

/** The longest beginning of a text that takes at most so many bytes, and never half a character. */
export function cutToBytes(text: string, most: number): string {
  const { read } = ENCODER.encodeInto(text, new Uint8Array(most))
  return text.slice(0, read)
}
