// The last bytes of a sealed segment: what it holds and the hashes that prove it.
import { crc32 } from 'node:zlib'
import { getU64, HASH_BYTES, putU64 } from './bytes.js'

export const FOOTER_BYTES = 128
const FOOTER_MAGIC = 0x3165484c // «LHe1»
const FOOTER_VERSION = 1
const AT = {
  magic: 0,
  version: 4,
  first: 8,
  last: 16,
  frames: 24,
  end: 32,
  sealed: 40,
  chain: 48,
  file: 80,
  batch: 112,
  lost: 120,
  crc: 124,
}

export interface Footer {
  readonly firstPosition: number
  /** firstPosition - 1 when the segment holds no event. */
  readonly lastPosition: number
  readonly frames: number
  /** The offset of the footer, which is where the frames end. */
  readonly dataEnd: number
  readonly sealedMs: number
  /** Chain hash after the last frame. */
  readonly chain: Buffer
  /** SHA-256 of the concatenated SHA-256s of each MiB before the footer. */
  readonly fileHash: Buffer
  /** Number of the last batch. */
  readonly batch: number
  /** Positions inside the segment whose bytes were already lost when it was sealed. */
  readonly lost: number
}

export function footerBytes(footer: Footer): Buffer {
  const bytes = Buffer.alloc(FOOTER_BYTES)
  bytes.writeUInt32LE(FOOTER_MAGIC, AT.magic)
  bytes.writeUInt16LE(FOOTER_VERSION, AT.version)
  putU64(bytes, AT.first, footer.firstPosition)
  putU64(bytes, AT.last, footer.lastPosition)
  putU64(bytes, AT.frames, footer.frames)
  putU64(bytes, AT.end, footer.dataEnd)
  putU64(bytes, AT.sealed, footer.sealedMs)
  footer.chain.copy(bytes, AT.chain)
  footer.fileHash.copy(bytes, AT.file)
  putU64(bytes, AT.batch, footer.batch)
  bytes.writeUInt32LE(footer.lost, AT.lost)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, AT.crc)), AT.crc)
  return bytes
}

/** undefined when these bytes are no valid footer. */
export function parseFooter(bytes: Buffer): Footer | undefined {
  if (bytes.length !== FOOTER_BYTES || bytes.readUInt32LE(AT.magic) !== FOOTER_MAGIC) return undefined
  if (crc32(bytes.subarray(0, AT.crc)) !== bytes.readUInt32LE(AT.crc)) return undefined
  if (bytes.readUInt16LE(AT.version) !== FOOTER_VERSION) return undefined
  return {
    firstPosition: getU64(bytes, AT.first),
    lastPosition: getU64(bytes, AT.last),
    frames: getU64(bytes, AT.frames),
    dataEnd: getU64(bytes, AT.end),
    sealedMs: getU64(bytes, AT.sealed),
    chain: Buffer.from(bytes.subarray(AT.chain, AT.chain + HASH_BYTES)),
    fileHash: Buffer.from(bytes.subarray(AT.file, AT.file + HASH_BYTES)),
    batch: getU64(bytes, AT.batch),
    lost: bytes.readUInt32LE(AT.lost),
  }
}
