// Goes over a JSON text byte by byte, and reads what is no text: words, and numbers as JSON.parse does.
import type { TextBuffer } from '../../record/codec/cursor.js'

/** An integer of at most this many digits is exactly a double, and so is each of these powers of ten. */
const EXACT_DIGITS = 15
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => Number(`1e${exponent}`))
/** Four letters, as they are read at once. */
const TRUE = 0x65757274
const NULL = 0x6c6c756e
const FALS = 0x736c6166

/** The text has something that this pass does not read: it is no JSON, breaks a limit, or is merely rare. */
export class Unusual extends Error {
  override readonly name = 'Unusual'
}

/** Says nothing about the text, so one serves all. */
export const UNUSUAL = new Unusual()

export const EMPTY = Buffer.alloc(0)
export const NO_VIEW = viewOf(EMPTY)

/** Refuses what is not JSON by throwing Unusual, which says neither what is wrong nor where. */
export abstract class JsonCursor {
  protected bytes: Buffer = EMPTY
  protected length = 0
  protected at = 0
  protected view = NO_VIEW

  protected begin(bytes: Buffer): void {
    this.bytes = bytes
    this.length = bytes.length
    this.view = viewOf(bytes)
    this.at = 0
  }

  /** Keeps no bytes alive. */
  protected end(): void {
    this.bytes = EMPTY
    this.view = NO_VIEW
  }

  /** The next byte that is not blank, or 0; `at` is where it stands. */
  protected next(): number {
    const { bytes, length } = this
    let { at } = this
    while (at < length) {
      const byte = bytes[at] as number
      if (byte > 0x20) {
        this.at = at
        return byte
      }
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      at++
    }
    this.at = at
    return 0
  }

  protected literal(): boolean | null {
    const { at, length, view, bytes } = this
    // Something closes whatever it stands in, so one more byte is there.
    if (at + 5 > length) throw UNUSUAL
    const four = view.getInt32(at, true)
    this.at = at + 4
    if (four === TRUE) return true
    if (four === NULL) return null
    if (four !== FALS || bytes[at + 4] !== 0x65) throw UNUSUAL
    this.at = at + 5
    return false
  }

  /** `sign` is the first byte of the number. */
  protected number(sign: number): number {
    const { bytes, length } = this
    const first = sign === 0x2d ? this.at + 1 : this.at
    let at = first
    let value = 0
    let byte = 0
    for (; at < length; at++) {
      byte = bytes[at] as number
      if (byte < 0x30 || byte > 0x39) break
      value = value * 10 + (byte - 0x30)
    }
    if (at === first || (at - first > 1 && bytes[first] === 0x30)) throw UNUSUAL
    this.at = at
    if (byte === 0x2e || byte === 0x65 || byte === 0x45) value = this.decimal(first, value)
    else if (!Number.isSafeInteger(value)) throw UNUSUAL
    return sign === 0x2d ? -value : value
  }

  /** The magnitude of the number whose first digit is at `first`, and whose whole part is read. */
  private decimal(first: number, whole: number): number {
    const { bytes, length } = this
    const point = this.at
    let at = point
    let value = whole
    if (bytes[at] === 0x2e) {
      for (at++; at < length; at++) {
        const byte = bytes[at] as number
        if (byte < 0x30 || byte > 0x39) break
        value = value * 10 + (byte - 0x30)
      }
      if (at === point + 1) throw UNUSUAL
    }
    const digits = at - point - 1
    this.at = at
    const letter = at < length ? (bytes[at] as number) : 0
    if (letter === 0x65 || letter === 0x45) this.exponent()
    // Both are exact, so their quotient is rounded once, as the decimal would be.
    else if (at - first - 1 <= EXACT_DIGITS) return value / (POWERS_OF_TEN[digits] as number)
    const read = Number((bytes as TextBuffer).latin1Slice(first, this.at))
    if (!Number.isFinite(read)) throw UNUSUAL
    return read
  }

  private exponent(): void {
    const { bytes, length } = this
    let at = this.at + 1
    if (at < length && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++
    const first = at
    while (at < length && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at++
    if (at === first) throw UNUSUAL
    this.at = at
  }

  /** The four digits at `at`. */
  protected hex(at: number): number {
    const { bytes } = this
    if (at + 4 > this.length) throw UNUSUAL
    const code =
      ((HEX[bytes[at] as number] as number) << 12) |
      ((HEX[bytes[at + 1] as number] as number) << 8) |
      ((HEX[bytes[at + 2] as number] as number) << 4) |
      (HEX[bytes[at + 3] as number] as number)
    if (code < 0) throw UNUSUAL
    return code
  }
}

export function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

/** Indexed by digit; -1 for what is none, which stays negative in whatever it is put together with. */
const HEX = new Int32Array(256).fill(-1)
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  HEX[text.charCodeAt(0)] = HEX[text.toUpperCase().charCodeAt(0)] = digit
}
