// Moves a sealed segment that is old enough into the archive. The archive is packed, read back and proved before the
// plain file is removed, so that at every moment one file is known to hold the events.
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import type { Disk, DiskFile } from '../disk/disk.js'
import { FilePool } from '../disk/file-pool.js'
import { FOOTER_BYTES, footerBytes } from '../format/footer.js'
import { archiveName, archiveTemporaryName, parseName, segmentName } from '../format/names.js'
import type { Log } from '../log.js'
import {
  ARCHIVE_CHUNK_BYTES,
  type ArchiveBytes,
  archiveSource,
  SEEK_ENTRY_BYTES,
  SEEK_FOOTER_BYTES,
  SEEKABLE_MAGIC,
  SKIPPABLE_MAGIC,
} from '../segment/archive-bytes.js'
import { digestOf } from '../segment/digest.js'
import type { EngineContext } from '../segment/engine-context.js'
import { damagedExtents, hasKnownDamage, WRONG_HASH, wholeSegment } from '../segment/examine-segment.js'
import { digestMatches, type SealedSegment } from '../segment/sealed-segment.js'
import { type AgeRule, isOlderThan } from '../segment/segment-age.js'

/**
 * Measured on 32 MB of agents' events, one per append, in frames of one MiB on one core: level 1 leaves 35.1 % at 187
 * MB/s, level 3 leaves 33.9 % at 137 MB/s, level 6 33.1 % at 24 MB/s, level 12 31.5 % at 10 MB/s and level 19 29.4 % at
 * 2 MB/s; gzip leaves 33.9 % at 28 MB/s. Hashes and random ids cannot be packed, so higher levels gain next to nothing.
 */
export const ARCHIVE_LEVEL = 3

const compress = promisify(zstdCompress) as (
  bytes: Uint8Array,
  options: { params: Record<number, number>; pledgedSrcSize: number },
) => Promise<Buffer>

/** The plain file is not what was sealed. It stays where it is, and its damage has been reported. */
export class UnfitForArchive extends Error {
  override readonly name = 'UnfitForArchive'
}

/** Archives at most the oldest plain segment, if it is old enough, so that a wrong clock moves one file. */
export async function archiveOldest(log: Log, rule: AgeRule): Promise<SealedSegment | undefined> {
  if (log.state !== 'writable') return undefined
  const segments = log.sealedSegments()
  for (let at = 0; at < segments.length; at++) {
    const segment = segments.handle(at)
    if (segment.archived || hasKnownDamage(log.damage, segment)) continue
    const activeMs = log.writing().identity.createdMs
    const since = { later: segments.from(at + 1), activeMs }
    return isOlderThan(segment, since, rule) ? archiveSegment(log, segment) : undefined
  }
  return undefined
}

/**
 * Rule D3. A crash before the rename leaves a temporary file, which the next start removes. A crash after it leaves
 * both files, and then the plain one counts until archiving goes on, which proves the archive once more and uses it.
 */
export async function archiveSegment(log: Log, segment: SealedSegment): Promise<SealedSegment> {
  const { context } = log
  // An index that is still being written would be handed to the row that is replaced here, so it is waited for.
  await log.settled()
  await requireRoom(context, segment)
  const archive = (await finishedArchive(context, segment)) ?? (await writeArchive(log, segment))
  const { packedLength } = await archiveSource(context.files.pool, archive.path)
  // Readers find the archive before the plain file is removed. Those in the middle of that file keep their descriptor.
  const archived = log.sealedSegments().archived(segment, archive.path, { sha256: archive.sha256, packedLength })
  await removePlain(log, segment)
  return archived
}

interface Proven {
  readonly path: string
  readonly sha256: string
}

/** A disk filled by an archive would refuse appends, and at worst an archive is as long as what it holds. */
async function requireRoom(context: EngineContext, segment: SealedSegment): Promise<void> {
  const { freeBytes } = await context.files.disk.space(context.files.layout.archive)
  if (freeBytes >= segment.source.length) return
  throw Object.assign(new Error(`no room to archive ${segment.name}`), { code: 'ENOSPC' })
}

/**
 * Finds an archive that an earlier attempt put in place. One that does not prove itself is removed, because it holds
 * nothing that the plain file lacks.
 */
async function finishedArchive(context: EngineContext, segment: SealedSegment): Promise<Proven | undefined> {
  const { disk, layout } = context.files
  const { firstPosition, epoch } = segment.sealed.identity
  for (const name of await disk.list(layout.archive)) {
    const parsed = parseName(name)
    if (parsed?.kind !== 'archive' || parsed.firstPosition !== firstPosition || parsed.epoch !== epoch) continue
    const path = join(layout.archive, name)
    if ((await proveArchive(disk, path, segment)) === parsed.sha256) {
      await disk.syncDirectory(layout.archive)
      return { path, sha256: parsed.sha256 }
    }
    context.observer.warned('archive does not prove itself and is made anew', path)
    await context.files.pool.forget(path)
    await disk.unlink(path)
  }
  return undefined
}

async function writeArchive(log: Log, segment: SealedSegment): Promise<Proven> {
  const { disk, layout } = log.context.files
  const { firstPosition, epoch } = segment.sealed.identity
  const temporary = join(layout.archive, archiveTemporaryName(firstPosition, epoch))
  try {
    await disk.unlink(temporary)
    const file = await disk.open(temporary, { mode: 'create' })
    try {
      await pack(segment, file)
      await file.sync()
    } finally {
      await file.close()
    }
    const sha256 = await proveArchive(disk, temporary, segment)
    if (sha256 === undefined) throw await misfit(log, segment)
    const path = join(layout.archive, archiveName(firstPosition, epoch, sha256))
    await disk.rename(temporary, path)
    await disk.syncDirectory(layout.archive)
    return { path, sha256 }
  } catch (error) {
    // If the temporary cannot be removed now, the next attempt or the next start removes it.
    await disk.unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** Packs one frame at a time through the thread pool, so that the event loop and the other threads stay free. */
async function pack(segment: SealedSegment, file: DiskFile): Promise<void> {
  const { source } = segment
  const entries: Buffer[] = []
  let end = 0
  for (let at = 0; at < source.length; at += ARCHIVE_CHUNK_BYTES) {
    const plain = await source.read(at, Math.min(ARCHIVE_CHUNK_BYTES, source.length - at))
    const packed = await compress(plain, {
      params: { [constants.ZSTD_c_compressionLevel]: ARCHIVE_LEVEL },
      pledgedSrcSize: plain.length,
    })
    await writeAll(file, packed, end)
    end += packed.length
    const entry = Buffer.alloc(SEEK_ENTRY_BYTES)
    entry.writeUInt32LE(packed.length, 0)
    entry.writeUInt32LE(plain.length, 4)
    entries.push(entry)
  }
  await writeAll(file, seekTable(entries), end)
}

function seekTable(entries: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(SKIPPABLE_MAGIC, 0)
  head.writeUInt32LE(entries.length * SEEK_ENTRY_BYTES + SEEK_FOOTER_BYTES, 4)
  const footer = Buffer.alloc(SEEK_FOOTER_BYTES)
  footer.writeUInt32LE(entries.length, 0)
  footer.writeUInt32LE(SEEKABLE_MAGIC, 5)
  return Buffer.concat([head, ...entries, footer])
}

/** W3: the count is checked, because a full disk takes less without an error. */
async function writeAll(file: DiskFile, bytes: Uint8Array, at: number): Promise<void> {
  const written = await file.write([bytes], at)
  if (written !== bytes.length) {
    throw Object.assign(new Error(`the disk took ${written} of ${bytes.length} bytes`), { code: 'ENOSPC' })
  }
}

/**
 * Reads an archive through a descriptor of its own, unpacks all of it under a cap and compares it with what was sealed.
 * Returns the SHA-256 of the archive file, or undefined when it does not hold the segment.
 */
export async function proveArchive(disk: Disk, path: string, segment: SealedSegment): Promise<string | undefined> {
  const { footer } = segment.sealed
  const pool = new FilePool(disk, 1)
  try {
    const content = await archiveSource(pool, path)
    const holds = content.length === footer.dataEnd + FOOTER_BYTES && (await holdsSegment(content, segment))
    return holds ? await fileSha256(pool, path, pace) : undefined
  } finally {
    await pool.closeAll()
  }
}

async function holdsSegment(content: ArchiveBytes, segment: SealedSegment): Promise<boolean> {
  const { footer } = segment.sealed
  if (!digestMatches(footer, await digestOf(content, footer.dataEnd))) return false
  return (await content.read(footer.dataEnd, FOOTER_BYTES)).equals(footerBytes(footer))
}

async function pace(): Promise<void> {
  await new Promise(setImmediate)
}

/** `read` is called after every piece, and the next piece waits for it, so that the caller can bound the rate. */
export async function fileSha256(
  pool: FilePool,
  path: string,
  read: (bytes: number) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256')
  const into = Buffer.allocUnsafeSlow(ARCHIVE_CHUNK_BYTES)
  for (let at = 0; ; ) {
    const got = await pool.use(path, file => file.read(into, at))
    hash.update(into.subarray(0, got))
    at += got
    if (got < into.length) return hash.digest('hex')
    await read(got)
  }
}

/** Finds out whether the plain file is not what was sealed, or the archive was not read back as it was written. */
async function misfit(log: Log, segment: SealedSegment): Promise<Error> {
  const { footer } = segment.sealed
  if (digestMatches(footer, await digestOf(segment.source, footer.dataEnd))) {
    return Object.assign(new Error(`the archive of ${segment.name} was not read back as written`), { code: 'EIO' })
  }
  const extents = await damagedExtents(segment)
  await log.noteDamage(...(extents.length > 0 ? extents : [wholeSegment(segment, WRONG_HASH)]))
  return new UnfitForArchive(`${segment.name}: ${WRONG_HASH}`)
}

async function removePlain(log: Log, segment: SealedSegment): Promise<void> {
  const { disk, layout, pool } = log.context.files
  const { firstPosition, epoch } = segment.sealed.identity
  if (basename(segment.path) !== segmentName(firstPosition, epoch)) return
  // A process that lost the directory must not remove a file of the new owner.
  if (!log.owned) return
  await pool.forget(segment.path)
  await disk.unlink(segment.path)
  await disk.syncDirectory(layout.segments)
}
