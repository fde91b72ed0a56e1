// Reads and writes the few integers of the file format: little-endian, 64-bit values as exact doubles.

const TWO_32 = 0x1_0000_0000

export const HASH_BYTES = 32
export const NO_HASH: Buffer = Buffer.alloc(HASH_BYTES)

export function putU64(into: Buffer, at: number, value: number): void {
  into.writeUInt32LE(value % TWO_32, at)
  into.writeUInt32LE(Math.floor(value / TWO_32), at + 4)
}

/** Returns NaN when the stored value is larger than a double holds exactly. No valid file has such a value. */
export function getU64(from: Buffer, at: number): number {
  const value = from.readUInt32LE(at) + from.readUInt32LE(at + 4) * TWO_32
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN
}

export function isZero(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = from; at < to; at += ZEROS.length) {
    const length = Math.min(ZEROS.length, to - at)
    if (view.compare(ZEROS, 0, length, at, at + length) !== 0) return false
  }
  return true
}

/** Zeros for pre-sizing and comparing. They are shared, so they must never be written to. */
export const ZEROS: Buffer = Buffer.alloc(1 << 20)
