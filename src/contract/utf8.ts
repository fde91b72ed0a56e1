// Cuts a text to a number of bytes of UTF-8.

const ENCODER = new TextEncoder()

/** The longest beginning of a text that takes at most this many bytes; no character is cut in half. */
export function cutToBytes(text: string, most: number): string {
  const { read } = ENCODER.encodeInto(text, new Uint8Array(most))
  return text.slice(0, read)
}
