// One frame: one append, whole or not at all. docs/FORMAT.md draws it; this file and that page agree byte for byte.
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { getU64, HASH_BYTES, putU64 } from './bytes.js'

export const FRAME_MAGIC = 0x3166484c // «LHf1» as it lies in the file
export const FRAME_VERSION = 1
export const FRAME_APPEND = 1
export const FRAME_HEADER_BYTES = 76
export const ENTRY_HEAD_BYTES = 36
/** The bytes that a frame costs beside its entries: header and hash. */
export const FRAME_OVERHEAD_BYTES = FRAME_HEADER_BYTES + HASH_BYTES
export const MAX_FRAME_ENTRIES = 1_000
/** This leaves room for 10 MiB of payloads and for all else that a thousand events can carry. */
export const MAX_FRAME_LENGTH = 64 * 1024 * 1024

const AT = {
  magic: 0,
  version: 4,
  kind: 5,
  entries: 6,
  length: 8,
  salt: 12,
  batch: 16,
  position: 24,
  durable: 32,
  prev: 40,
  crc: 72,
}

export interface FrameHead {
  readonly entries: number
  /** Bytes of all entries together. */
  readonly length: number
  readonly batch: number
  readonly firstPosition: number
  /** The offset in this file up to which everything was durable when this frame was written. */
  readonly durable: number
  readonly prev: Buffer
}

export interface FrameEntry {
  /** Absolute offset in the file of the entry's head. */
  readonly offset: number
  readonly end: number
  readonly record: Buffer
  /** False when the bytes of the record do not have the hash that the frame holds for them. */
  readonly intact: boolean
}

export interface Frame extends FrameHead {
  readonly offset: number
  readonly end: number
  readonly hash: Buffer
  readonly items: readonly FrameEntry[]
}

export type FrameFault = 'zero' | 'short' | 'magic' | 'version' | 'header' | 'foreign' | 'entries' | 'hash'
export type Parsed = { readonly frame: Frame } | { readonly fault: FrameFault } | { readonly needs: number }

export function putFrameHeader(into: Buffer, at: number, head: FrameHead, salt: number): void {
  into.writeUInt32LE(FRAME_MAGIC, at + AT.magic)
  into[at + AT.version] = FRAME_VERSION
  into[at + AT.kind] = FRAME_APPEND
  into.writeUInt16LE(head.entries, at + AT.entries)
  into.writeUInt32LE(head.length, at + AT.length)
  into.writeUInt32LE(salt, at + AT.salt)
  putU64(into, at + AT.batch, head.batch)
  putU64(into, at + AT.position, head.firstPosition)
  putU64(into, at + AT.durable, head.durable)
  head.prev.copy(into, at + AT.prev)
  into.writeUInt32LE(crc32(into.subarray(at, at + AT.crc)), at + AT.crc)
}

/** A SHA-256 as a string of 32 characters below 256, because that costs a third of a hash as a buffer. */
export type Digest = string

export function digest(bytes: Uint8Array): Digest {
  return hash('sha256', bytes, 'binary')
}

export function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(digest(bytes), 'latin1')
}

/** The hash covers the header and every entry's length and hash, but not the records, which have their own hashes. */
export function frameHash(bytes: Buffer, at: number, entries: number): Digest {
  if (entries === 1) return digest(bytes.subarray(at, at + FRAME_HEADER_BYTES + ENTRY_HEAD_BYTES))
  const covered = Buffer.allocUnsafe(FRAME_HEADER_BYTES + entries * ENTRY_HEAD_BYTES)
  bytes.copy(covered, 0, at, at + FRAME_HEADER_BYTES)
  let from = at + FRAME_HEADER_BYTES
  for (let to = FRAME_HEADER_BYTES; to < covered.length; to += ENTRY_HEAD_BYTES) {
    bytes.copy(covered, to, from, from + ENTRY_HEAD_BYTES)
    from += ENTRY_HEAD_BYTES + bytes.readUInt32LE(from)
  }
  return digest(covered)
}

/** Reads the header alone, and returns what it says or its fault. `salt` undefined accepts frames of any store. */
export function parseFrameHead(bytes: Buffer, at: number, salt: number | undefined): FrameHead | FrameFault {
  if (bytes.length - at < FRAME_HEADER_BYTES) return 'short'
  if (bytes.readUInt32LE(at + AT.magic) !== FRAME_MAGIC) return bytes.readUInt32LE(at) === 0 ? 'zero' : 'magic'
  if (crc32(bytes.subarray(at, at + AT.crc)) !== bytes.readUInt32LE(at + AT.crc)) return 'header'
  if (bytes[at + AT.version] !== FRAME_VERSION || bytes[at + AT.kind] !== FRAME_APPEND) return 'version'
  if (salt !== undefined && bytes.readUInt32LE(at + AT.salt) !== salt) return 'foreign'
  const head: FrameHead = {
    entries: bytes.readUInt16LE(at + AT.entries),
    length: bytes.readUInt32LE(at + AT.length),
    batch: getU64(bytes, at + AT.batch),
    firstPosition: getU64(bytes, at + AT.position),
    durable: getU64(bytes, at + AT.durable),
    prev: bytes.subarray(at + AT.prev, at + AT.prev + HASH_BYTES),
  }
  return plausible(head) ? head : 'entries'
}

function plausible(head: FrameHead): boolean {
  return (
    head.entries >= 1 &&
    head.entries <= MAX_FRAME_ENTRIES &&
    head.length >= head.entries * ENTRY_HEAD_BYTES &&
    head.length <= MAX_FRAME_LENGTH &&
    head.batch >= 0 &&
    head.firstPosition >= 1 &&
    head.durable >= 0
  )
}

/**
 * Reads the frame at `at` of a buffer that holds the file from `base` on. When the buffer ends before the frame does,
 * `needs` is how many bytes from `at` a whole frame takes. Records that do not have their hash are returned with
 * `intact: false`, because only the caller can tell a torn write from damage.
 */
export function parseFrame(bytes: Buffer, at: number, base: number, salt: number): Parsed {
  const head = parseFrameHead(bytes, at, salt)
  if (head === 'short') return { needs: FRAME_HEADER_BYTES }
  if (typeof head === 'string') return { fault: head }
  const size = FRAME_OVERHEAD_BYTES + head.length
  if (bytes.length - at < size) return { needs: size }
  const end = at + size
  const bounds = entryBounds(bytes, at + FRAME_HEADER_BYTES, head)
  if (bounds === undefined) return { fault: 'entries' }
  const claimed = bytes.subarray(end - HASH_BYTES, end)
  if (frameHash(bytes, at, head.entries) !== claimed.toString('latin1')) return { fault: 'hash' }
  const items = bounds.map(from => entryAt(bytes, from, base))
  return { frame: { ...head, offset: base + at, end: base + end, hash: claimed, items } }
}

function entryBounds(bytes: Buffer, first: number, head: FrameHead): number[] | undefined {
  const bounds: number[] = []
  const end = first + head.length
  let at = first
  for (let entry = 0; entry < head.entries; entry++) {
    if (end - at < ENTRY_HEAD_BYTES) return undefined
    bounds.push(at)
    at += ENTRY_HEAD_BYTES + bytes.readUInt32LE(at)
  }
  return at === end ? bounds : undefined
}

/** Reads the entry at `at`. The caller must know that its head and record lie within the buffer. */
export function entryAt(bytes: Buffer, at: number, base: number): FrameEntry {
  const length = bytes.readUInt32LE(at)
  const from = at + ENTRY_HEAD_BYTES
  const record = bytes.subarray(from, from + length)
  const intact = digest(record) === bytes.toString('latin1', at + 4, from)
  return { offset: base + at, end: base + from + length, record, intact }
}

/** What a frame must say to continue the one before. */
export interface FrameLink {
  readonly salt: number
  readonly nextPosition: number
  readonly chain: Buffer
}

/**
 * The bytes that the frame at `at` takes, when it is the one that continues the link; 0 when it is not. It is not proven:
 * for bytes that this process has hashed itself when it wrote them. Needs `FRAME_HEADER_BYTES` of them.
 */
export function linkedFrameBytes(bytes: Buffer, at: number, { salt, nextPosition, chain }: FrameLink): number {
  const isLinked =
    bytes.readUInt32LE(at + AT.magic) === FRAME_MAGIC &&
    bytes[at + AT.version] === FRAME_VERSION &&
    bytes[at + AT.kind] === FRAME_APPEND &&
    bytes.readUInt32LE(at + AT.salt) === salt &&
    getU64(bytes, at + AT.position) === nextPosition &&
    bytes.compare(chain, 0, HASH_BYTES, at + AT.prev, at + AT.prev + HASH_BYTES) === 0
  return isLinked ? FRAME_OVERHEAD_BYTES + bytes.readUInt32LE(at + AT.length) : 0
}

/** How many entries the frame at `at` has. */
export function frameEntries(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at + AT.entries)
}
