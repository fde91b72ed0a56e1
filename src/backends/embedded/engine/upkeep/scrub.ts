// Reads all sealed segments again, at a bounded rate, and compares them with what was sealed, so that bit rot is found
// before the bytes are needed.
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { diskErrorCode } from '../disk/disk.js'
import type { Throttle } from '../disk/throttle.js'
import { FOOTER_BYTES, footerBytes } from '../format/footer.js'
import { parseName } from '../format/names.js'
import { IndexDamaged } from '../index/index-format.js'
import { SealedPostings } from '../index/sealed-postings.js'
import type { Log } from '../log.js'
import type { KnownDamage } from '../segment/accepted-damage.js'
import { archiveSource } from '../segment/archive-bytes.js'
import { BLOCK_BYTES, DIGEST_CHUNK_BYTES, digestOf } from '../segment/digest.js'
import { damagedExtents, WRONG_HASH, wholeSegment } from '../segment/examine-segment.js'
import { digestMatches, type SealedSegment } from '../segment/sealed-segment.js'
import type { SegmentBytes } from '../segment/segment-bytes.js'
import { fileSha256 } from './archive.js'

/** The figures of one pass, from the oldest sealed segment to the newest. */
export interface ScrubPass {
  readonly bytes: number
  readonly damaged: number
  readonly ms: number
}

/** These codes concern the file itself: its bytes are bad, or it is gone. */
const UNREADABLE = new Set(['EIO', 'ENOENT'])

export class Scrub {
  private nextPosition = 0
  private bytes = 0
  private damaged = 0
  private startedMs = performance.now()

  constructor(
    private readonly log: Log,
    private readonly throttle: Throttle,
  ) {}

  /** True in the middle of a pass. */
  get begun(): boolean {
    return this.nextPosition > 0
  }

  /** Reads one segment. When none is left it returns the figures of the pass, and the next call begins anew. */
  async step(): Promise<ScrubPass | undefined> {
    const segments = this.log.sealedSegments()
    const at = segments.countUpTo(this.nextPosition - 1)
    const segment = at < segments.length ? segments.handle(at) : undefined
    if (!this.begun) this.startedMs = performance.now()
    if (segment === undefined) return this.finish()
    await this.examine(segment).finally(() => this.putAway(segment))
    this.nextPosition = segment.firstPosition + 1
    return undefined
  }

  private finish(): ScrubPass {
    const pass = { bytes: this.bytes, damaged: this.damaged, ms: Math.round(performance.now() - this.startedMs) }
    this.nextPosition = 0
    this.bytes = 0
    this.damaged = 0
    return pass
  }

  /** A pass goes over all files, so it must not leave a descriptor of each behind. */
  private async putAway(segment: SealedSegment): Promise<void> {
    const { pool } = this.log.context.files
    await pool.forget(segment.path)
    await pool.forget(this.log.indexPathOf(segment))
  }

  private async examine(segment: SealedSegment): Promise<void> {
    try {
      const { pool } = this.log.context.files
      // The scrub opens an archive of its own, because chunks cached in memory prove nothing about those on disk.
      const source = segment.archived ? await archiveSource(pool, segment.path) : segment.source
      const suspicion = (await this.fileFault(segment)) ?? (await this.contentFault(segment, source))
      if (suspicion !== undefined) await this.examineFault(segment, source, suspicion)
    } catch (error) {
      const code = diskErrorCode(error)
      // A missing descriptor or permission proves nothing about the bytes, and the next pass reads them again (R1).
      if (code === undefined || !UNREADABLE.has(code)) throw error
      // The segment was retired or archived meanwhile, and the next pass reads it where it is then.
      if (!this.log.sealedSegments().holds(segment)) return
      const reason = `a part of the file cannot be read (${code})`
      if (code === 'ENOENT' && (await this.isMissing(segment))) return this.note(wholeSegment(segment, reason))
      // The disk did not give the bytes, so nobody knows whether they are damaged. The pass counts it all the same.
      this.damaged++
      this.log.context.observer.warned('scrubbing found what it could not read', `${segment.path}: ${reason}`)
    }
  }

  /** The file may be at fault, its index, or a disk that gave wrong bytes once. Only the first is damage. */
  private async examineFault(segment: SealedSegment, source: SegmentBytes, suspicion: string): Promise<void> {
    const extents = await damagedExtents(segment, source)
    const reason = extents.length > 0 ? undefined : await this.provenFault(segment, source)
    if (extents.length > 0) return this.note(...extents)
    if (reason !== undefined) return this.note(wholeSegment(segment, reason))
    this.log.context.observer.warned('what seemed damaged is sound', `${segment.path}: ${suspicion}`)
    await this.log.rebuildIndexOf(segment)
  }

  private async provenFault(segment: SealedSegment, source: SegmentBytes): Promise<string | undefined> {
    const { footer } = segment.sealed
    const fault = (await this.fileFault(segment)) ?? (await this.footerFault(segment, source))
    if (fault !== undefined || digestMatches(footer, await digestOf(source, footer.dataEnd))) return fault
    return WRONG_HASH
  }

  /** True when the file is gone from a directory that can be listed: a disk that was taken away proves nothing. */
  private async isMissing({ path, name }: SealedSegment): Promise<boolean> {
    const { disk } = this.log.context.files
    const names = await disk.list(dirname(path)).catch(() => undefined)
    return names !== undefined && !names.includes(name) && this.log.owned
  }

  private async note(...damage: readonly KnownDamage[]): Promise<void> {
    this.damaged += damage.length
    await this.log.noteDamage(...damage)
  }

  /** Checks an archive as a file, because its name holds its hash. */
  private async fileFault(segment: SealedSegment): Promise<string | undefined> {
    const name = parseName(segment.name)
    if (name?.kind !== 'archive') return undefined
    const found = await fileSha256(this.log.context.files.pool, segment.path, bytes => this.spend(bytes))
    return found === name.sha256 ? undefined : 'the archive does not have the hash in its name'
  }

  private async contentFault(segment: SealedSegment, source: SegmentBytes): Promise<string | undefined> {
    const { footer } = segment.sealed
    const fault = await this.footerFault(segment, source)
    if (fault !== undefined) return fault
    const checksums = await this.checksumsOf(segment)
    if (checksums !== undefined) return this.blockFault(source, footer.dataEnd, checksums)
    const paced = {
      read: async (offset: number, length: number) => {
        await this.spend(length)
        return source.read(offset, length)
      },
    }
    const matches = digestMatches(footer, await digestOf(paced, footer.dataEnd))
    return matches ? undefined : WRONG_HASH
  }

  private async footerFault(segment: SealedSegment, source: SegmentBytes): Promise<string | undefined> {
    const { footer } = segment.sealed
    const last = await source.read(footer.dataEnd, FOOTER_BYTES)
    return last.equals(footerBytes(footer)) ? undefined : 'the footer is damaged or cut off'
  }

  /** The checksums in the index; undefined while no readable index is on disk. */
  private async checksumsOf(segment: SealedSegment): Promise<Uint32Array | undefined> {
    if (!(segment.postings instanceof SealedPostings)) return undefined
    try {
      return segment.postings.blockChecksums()
    } catch (error) {
      if (!(error instanceof IndexDamaged)) throw error
      await this.log.rebuildIndexOf(segment)
      return undefined
    }
  }

  private async blockFault(source: SegmentBytes, end: number, checksums: Uint32Array): Promise<string | undefined> {
    for (let at = 0; at < end; at += DIGEST_CHUNK_BYTES) {
      const length = Math.min(DIGEST_CHUNK_BYTES, end - at)
      await this.spend(length)
      const bytes = await source.read(at, length)
      for (let block = 0; block < length; block += BLOCK_BYTES) {
        const checksum = crc32(bytes.subarray(block, Math.min(length, block + BLOCK_BYTES)))
        if (checksum !== checksums[(at + block) / BLOCK_BYTES]) {
          return `the 4 KiB from byte ${at + block} do not have their checksum`
        }
      }
    }
    return undefined
  }

  private async spend(bytes: number): Promise<void> {
    await this.throttle.spend(bytes)
    this.bytes += bytes
  }
}
