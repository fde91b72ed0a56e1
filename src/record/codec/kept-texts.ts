// Keeps short texts that come again and again, such as names of fields, so that they need not be made anew from bytes.
import type { TextBuffer } from './cursor.js'

/** A longer text is made faster than it is compared. */
const KEPT_BYTES_MAX = 32
const SLOTS = 512

/** Each slot holds the text that came last. Only ASCII is kept, whose bytes are its characters. */
export class KeptTexts {
  private readonly texts: string[] = new Array(SLOTS).fill('')

  /** The text of these bytes, which must be UTF-8. */
  text(bytes: Buffer, from: number, to: number): string {
    const length = to - from
    if (length === 0) return ''
    if (length > KEPT_BYTES_MAX) return (bytes as TextBuffer).utf8Slice(from, to)
    const middle = bytes[(from + to) >> 1] as number
    const slot = ((bytes[from] as number) * 5 + middle * 37 + (bytes[to - 1] as number) * 73 + length) % SLOTS
    const kept = this.texts[slot] as string
    if (kept.length === length) {
      let at = 0
      while (at < length && kept.charCodeAt(at) === bytes[from + at]) at++
      if (at === length) return kept
    }
    const made = (bytes as TextBuffer).utf8Slice(from, to)
    if (made.length === length) this.texts[slot] = made
    return made
  }
}
