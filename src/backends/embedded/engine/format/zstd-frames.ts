// Finds the frames of a zstd file by walking their headers, for an archive whose seek table is damaged.

const FRAME_MAGIC = 0xfd2fb528
/** The length of magic, descriptor, window, dictionary id and content size at their longest. */
const LONGEST_HEADER = 18
const BLOCK_HEADER_BYTES = 3
const REPEATED_BYTE = 1
const RESERVED = 3

export interface ZstdFrame {
  readonly offset: number
  readonly packed: number
  /** The size it unpacks to, as its own header says. */
  readonly bytes: number
}

/** The bytes of the file that are needed next. Fewer may be given only at the end of the file. */
export interface Piece {
  readonly at: number
  readonly length: number
}

/** Finds all whole frames from the start up to the first one that is cut off or damaged. */
export function* walkZstdFrames(size: number): Generator<Piece, ZstdFrame[], Buffer> {
  const frames: ZstdFrame[] = []
  for (let offset = 0; offset < size; ) {
    const frame = yield* frameAt(offset, size)
    if (frame === undefined) break
    frames.push(frame)
    offset += frame.packed
  }
  return frames
}

function* frameAt(offset: number, size: number): Generator<Piece, ZstdFrame | undefined, Buffer> {
  const header = yield { at: offset, length: LONGEST_HEADER }
  if (header.length < LONGEST_HEADER || header.readUInt32LE(0) !== FRAME_MAGIC) return undefined
  const descriptor = header[4] as number
  const single = (descriptor & 0x20) !== 0
  const sizeAt = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number)
  const content = contentSize(header, sizeAt, descriptor >> 6, single)
  if (content === undefined) return undefined
  let at = offset + sizeAt + content.width
  for (let last = false; !last; ) {
    const block = yield { at, length: BLOCK_HEADER_BYTES }
    if (block.length < BLOCK_HEADER_BYTES) return undefined
    const head = block.readUIntLE(0, BLOCK_HEADER_BYTES)
    const type = (head >> 1) & 3
    if (type === RESERVED) return undefined
    last = (head & 1) === 1
    at += BLOCK_HEADER_BYTES + (type === REPEATED_BYTE ? 1 : head >> 3)
    if (at > size) return undefined
  }
  const checksum = (descriptor & 4) === 0 ? 0 : 4
  return { offset, packed: at + checksum - offset, bytes: content.size }
}

function contentSize(
  header: Buffer,
  at: number,
  flag: number,
  single: boolean,
): { size: number; width: number } | undefined {
  if (flag === 0) return single ? { size: header[at] as number, width: 1 } : undefined
  if (flag === 1) return { size: header.readUInt16LE(at) + 256, width: 2 }
  if (flag === 2) return { size: header.readUInt32LE(at), width: 4 }
  const size = header.readBigUInt64LE(at)
  return size <= BigInt(Number.MAX_SAFE_INTEGER) ? { size: Number(size), width: 8 } : undefined
}
