// Writes and reads the bytes of a snapshot, which docs/SNAPSHOTS.md describes byte by byte. Pure.
import { createHash } from 'node:crypto'
import type { Position } from '../contract/event.js'

const MAGIC = Buffer.from('LHt1', 'latin1')
export const SNAPSHOT_VERSION = 1
export const PREFIX_BYTES = 16
export const SNAPSHOT_HASH_BYTES = 32
/** Enough for a filter and the patterns of a token at their longest, with room to spare. */
export const HEADER_BYTES_MAX = 4 * 1024 * 1024
/** The largest state compresses to less than this, and a difference is never longer than its state. */
export const CONTENT_BYTES_MAX = 64 * 1024 * 1024
export const FILE_BYTES_MAX = PREFIX_BYTES + HEADER_BYTES_MAX + CONTENT_BYTES_MAX + 2 * SNAPSHOT_HASH_BYTES

/** Tells one history from another, because within one the event at a position never changes. */
export interface LogMark {
  /** The first position that was kept then, where the fold began. */
  readonly first: Position
  readonly id: string
  readonly checksum: string
}

export type Reason = 'demand' | 'events' | 'quiet' | 'growth' | 'verify' | 'repair'

export interface SnapshotHeader {
  /** The canonical text of the fold. */
  readonly fold: string
  /** Everything that matches up to here is in the state. */
  readonly position: Position
  readonly events: number
  readonly mark: LogMark
  readonly createdMs: number
  readonly reason: Reason
  /** Bytes of the log when the snapshot was made, from which its growth since is measured. */
  readonly logBytes: number
  /** The length and the hash of the state's text. */
  readonly state: { readonly bytes: number; readonly sha256: string }
  /** The file to which the content is a difference, by its id and by the hash at its end; null for a full state. */
  readonly base: { readonly id: string; readonly sha256: string } | null
  /** How many other files have to be read to restore the state. */
  readonly links: number
}

/** A snapshot that must not be used. `of` is the id of the one at fault, which may be a base of the one being read. */
export class BadSnapshot extends Error {
  override readonly name = 'BadSnapshot'

  constructor(
    readonly of: string,
    readonly reason: string,
  ) {
    super(`the snapshot ${of} cannot be used: ${reason}`)
  }
}

export function snapshotHash(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export interface SnapshotBytes {
  readonly chunks: readonly Buffer[]
  readonly bytes: number
  /** The hash at the end of the file, in hex. */
  readonly sha256: string
}

export function encodeSnapshot(header: SnapshotHeader, content: Buffer): SnapshotBytes {
  const text = Buffer.from(JSON.stringify(header))
  const prefix = Buffer.alloc(PREFIX_BYTES)
  MAGIC.copy(prefix)
  prefix.writeUInt16LE(SNAPSHOT_VERSION, 4)
  prefix.writeUInt32LE(text.length, 8)
  prefix.writeUInt32LE(content.length, 12)
  const head = [prefix, text, snapshotHash(prefix, text)]
  const whole = snapshotHash(...head, content)
  const chunks = [...head, content, whole]
  return { chunks, bytes: chunks.reduce((sum, { length }) => sum + length, 0), sha256: whole.toString('hex') }
}

export interface Sizes {
  readonly header: number
  readonly content: number
  readonly file: number
}

/** undefined for a newer version, so that the file is left alone. Throws BadSnapshot when it is no snapshot. */
export function sizesOf(id: string, prefix: Buffer): Sizes | undefined {
  if (prefix.length < PREFIX_BYTES || !prefix.subarray(0, 4).equals(MAGIC)) throw new BadSnapshot(id, 'it is none')
  if (prefix.readUInt16LE(4) > SNAPSHOT_VERSION) return undefined
  const [header, content] = [prefix.readUInt32LE(8), prefix.readUInt32LE(12)]
  const zero = prefix.readUInt16LE(6)
  if (prefix.readUInt16LE(4) !== SNAPSHOT_VERSION || zero !== 0) throw new BadSnapshot(id, 'its beginning is damaged')
  if (header > HEADER_BYTES_MAX || content > CONTENT_BYTES_MAX) throw new BadSnapshot(id, 'its sizes are impossible')
  return { header, content, file: PREFIX_BYTES + header + content + 2 * SNAPSHOT_HASH_BYTES }
}

/** `bytes` may go on behind the header's hash. Throws BadSnapshot when the hash does not match. */
export function readHeader(id: string, bytes: Buffer, { header }: Sizes): SnapshotHeader {
  const end = PREFIX_BYTES + header
  const hash = bytes.subarray(end, end + SNAPSHOT_HASH_BYTES)
  if (!hash.equals(snapshotHash(bytes.subarray(0, end)))) throw new BadSnapshot(id, 'its header is damaged')
  return JSON.parse(bytes.toString('utf8', PREFIX_BYTES, end)) as SnapshotHeader
}

export interface WholeSnapshot {
  readonly header: SnapshotHeader
  readonly content: Buffer
  readonly sha256: string
}

/** Checks the hash of all bytes before any is used. undefined for a newer version; throws BadSnapshot for damage. */
export function readSnapshot(id: string, bytes: Buffer): WholeSnapshot | undefined {
  const sizes = sizesOf(id, bytes)
  if (sizes === undefined) return undefined
  if (bytes.length !== sizes.file) throw new BadSnapshot(id, 'it is cut off, or longer than it says')
  const end = bytes.length - SNAPSHOT_HASH_BYTES
  const hash = bytes.subarray(end)
  if (!hash.equals(snapshotHash(bytes.subarray(0, end)))) throw new BadSnapshot(id, 'its bytes are damaged')
  const header = readHeader(id, bytes, sizes)
  const content = bytes.subarray(PREFIX_BYTES + sizes.header + SNAPSHOT_HASH_BYTES, end)
  return { header, content, sha256: hash.toString('hex') }
}
