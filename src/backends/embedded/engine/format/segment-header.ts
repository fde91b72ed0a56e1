// The first 4 KiB of a segment: its identity, and two slots for the durable mark, written in turn.
import { crc32 } from 'node:zlib'
import { getU64, HASH_BYTES, isZero, putU64 } from './bytes.js'

export const HEADER_BLOCK_BYTES = 4_096
export const FORMAT_VERSION = 1
export const STORE_ID_BYTES = 16
export const MARK_SLOTS: readonly number[] = [1_024, 2_048]
export const MARK_BYTES = 68

const SEGMENT_MAGIC = 0x3173484c // «LHs1»
const MARK_MAGIC = 0x316d484c // «LHm1»
const AT = {
  magic: 0,
  version: 4,
  salt: 8,
  storeId: 12,
  epoch: 28,
  position: 36,
  batch: 44,
  created: 52,
  prev: 60,
  crc: 92,
}
const HEADER_BYTES = AT.crc + 4
const MARK_AT = { magic: 0, clean: 4, sequence: 8, durable: 16, head: 24, hash: 32, crc: 64 }

export interface SegmentIdentity {
  /** Random, the same in all segments of a store, so that a frame image in an event's data never passes for a frame. */
  readonly salt: number
  readonly storeId: Buffer
  readonly epoch: number
  readonly firstPosition: number
  readonly firstBatch: number
  readonly createdMs: number
  /** The chain hash before the first frame. */
  readonly prev: Buffer
}

export interface Mark {
  readonly sequence: number
  readonly clean: boolean
  /** Everything before this offset was durable when the mark was written. */
  readonly durable: number
  readonly head: number
  /** The chain hash at `durable`. */
  readonly hash: Buffer
}

export type HeaderFault = 'short' | 'magic' | 'checksum' | { readonly version: number }

export function headerBlock(identity: SegmentIdentity): Buffer {
  const block = Buffer.alloc(HEADER_BLOCK_BYTES)
  block.writeUInt32LE(SEGMENT_MAGIC, AT.magic)
  block.writeUInt16LE(FORMAT_VERSION, AT.version)
  block.writeUInt32LE(identity.salt, AT.salt)
  identity.storeId.copy(block, AT.storeId)
  putU64(block, AT.epoch, identity.epoch)
  putU64(block, AT.position, identity.firstPosition)
  putU64(block, AT.batch, identity.firstBatch)
  putU64(block, AT.created, identity.createdMs)
  identity.prev.copy(block, AT.prev)
  block.writeUInt32LE(crc32(block.subarray(0, AT.crc)), AT.crc)
  return block
}

export function parseHeader(block: Buffer): SegmentIdentity | { readonly fault: HeaderFault } {
  if (block.length < HEADER_BLOCK_BYTES) return { fault: 'short' }
  if (block.readUInt32LE(AT.magic) !== SEGMENT_MAGIC) return { fault: 'magic' }
  const checksumHolds = crc32(block.subarray(0, AT.crc)) === block.readUInt32LE(AT.crc)
  if (!checksumHolds) return { fault: 'checksum' }
  const version = block.readUInt16LE(AT.version)
  if (version !== FORMAT_VERSION) return { fault: { version } }
  return {
    salt: block.readUInt32LE(AT.salt),
    storeId: Buffer.from(block.subarray(AT.storeId, AT.storeId + STORE_ID_BYTES)),
    epoch: getU64(block, AT.epoch),
    firstPosition: getU64(block, AT.position),
    firstBatch: getU64(block, AT.batch),
    createdMs: getU64(block, AT.created),
    prev: Buffer.from(block.subarray(AT.prev, AT.prev + HASH_BYTES)),
  }
}

export function markBytes(mark: Mark): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES)
  bytes.writeUInt32LE(MARK_MAGIC, MARK_AT.magic)
  bytes.writeUInt32LE(mark.clean ? 1 : 0, MARK_AT.clean)
  putU64(bytes, MARK_AT.sequence, mark.sequence)
  putU64(bytes, MARK_AT.durable, mark.durable)
  putU64(bytes, MARK_AT.head, mark.head)
  mark.hash.copy(bytes, MARK_AT.hash)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, MARK_AT.crc)), MARK_AT.crc)
  return bytes
}

export function markSlot(sequence: number): number {
  return MARK_SLOTS[sequence % MARK_SLOTS.length] as number
}

/**
 * Returns the newer of the valid marks. A slot that is neither empty nor valid was torn or damaged, and proves nothing.
 */
export function parseMarks(block: Buffer): { readonly newest: Mark | undefined; readonly unreadable: number } {
  let newest: Mark | undefined
  let unreadable = 0
  for (const slot of MARK_SLOTS) {
    const bytes = block.subarray(slot, slot + MARK_BYTES)
    const mark = parseMark(bytes)
    if (mark === undefined && !isZero(bytes)) unreadable++
    if (mark !== undefined && (newest === undefined || mark.sequence > newest.sequence)) newest = mark
  }
  return { newest, unreadable }
}

function parseMark(bytes: Buffer): Mark | undefined {
  if (bytes.readUInt32LE(MARK_AT.magic) !== MARK_MAGIC) return undefined
  if (crc32(bytes.subarray(0, MARK_AT.crc)) !== bytes.readUInt32LE(MARK_AT.crc)) return undefined
  return {
    sequence: getU64(bytes, MARK_AT.sequence),
    clean: bytes.readUInt32LE(MARK_AT.clean) === 1,
    durable: getU64(bytes, MARK_AT.durable),
    head: getU64(bytes, MARK_AT.head),
    hash: Buffer.from(bytes.subarray(MARK_AT.hash, MARK_AT.hash + HASH_BYTES)),
  }
}

/** Nothing may lie between the fields of the block, because nothing else would notice a bit that is set there. */
export function paddingIsZero(block: Buffer): boolean {
  let from = HEADER_BYTES
  for (const slot of MARK_SLOTS) {
    if (!isZero(block, from, slot)) return false
    from = slot + MARK_BYTES
  }
  return isZero(block, from, HEADER_BLOCK_BYTES) && block.readUInt16LE(AT.version + 2) === 0
}
