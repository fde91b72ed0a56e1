// Puts one sealed segment back from a backup. What the segment behind it says of the chain proves the copy before it is
// put in place, and the file that it replaces is kept in quarantine.
import { basename, dirname, join } from 'node:path'
import { type Disk, diskErrorCode } from '../disk/disk.js'
import { FilePool } from '../disk/file-pool.js'
import { FOOTER_BYTES, type Footer } from '../format/footer.js'
import { archiveTemporaryName, parseName, temporary } from '../format/names.js'
import type { SegmentIdentity } from '../format/segment-header.js'
import { readFloor } from '../recovery/floor.js'
import type { ListedSegment } from '../segment/catalogue.js'
import { listCatalogue } from '../segment/catalogue.js'
import { digestOf } from '../segment/digest.js'
import type { EngineContext } from '../segment/engine-context.js'
import { type Expected, indexPath, openSource, scanStart, sealedKnowledge } from '../segment/load-segment.js'
import { scan } from '../segment/scan.js'
import { digestMatches, readFacts, type SegmentFacts } from '../segment/sealed-segment.js'
import type { SegmentFile } from '../segment/sealed-segments.js'
import { fileSha256 } from '../upkeep/archive.js'
import { type BackupEntry, type Manifest, readManifest } from './backup-manifest.js'
import type { BackupLayout } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'
import { asItLies, copyContent, sizeOf, withFile } from './copy-content.js'

export interface BackupSource {
  readonly disk: Disk
  readonly layout: BackupLayout
}

export interface PutBack {
  /** Proved to be the one that the log goes on from. */
  readonly segment: SegmentFile
  /** Where the file that was replaced is kept. undefined where there was none. */
  readonly kept: string | undefined
  /** False when the file in place was what had been sealed, so that nothing was copied. */
  readonly copied: boolean
}

/** What the files beside a segment say of it. */
interface Neighbours {
  readonly before: Expected | undefined
  readonly after: SegmentIdentity | undefined
}

/** This much is left free, because appends need room as well. */
const SPARE_BYTES = 64 * 1024 * 1024

/**
 * A crash at any point leaves the file that was there, or the proven copy. The caller forgets the damage afterwards, so
 * that a store whose damage is forgotten surely has the copy.
 */
export function putBack(context: EngineContext, source: BackupSource, position: number): Promise<PutBack> {
  return new SegmentRestore(context, source).run(position)
}

class SegmentRestore {
  constructor(
    private readonly context: EngineContext,
    private readonly source: BackupSource,
  ) {}

  async run(position: number): Promise<PutBack> {
    const { disk, layout } = this.context.files
    const { root } = this.source.layout
    const manifest = await readManifest(this.source.disk, this.source.layout)
    if (manifest === undefined) throw new BackupRefused('wrong_place', `${root} holds no complete backup`)
    const floor = await readFloor(this.context.files)
    if (position < floor.nextPosition)
      throw new BackupRefused(
        'wrong_place',
        `position ${position} lies before ${floor.nextPosition}, the first one kept`,
      )
    const { segments } = await listCatalogue(disk, layout)
    const { entry, name } = this.copyOf(manifest, position)
    const at = segments.findLastIndex(({ firstPosition }) => firstPosition <= position)
    const stands = segments[at]
    if (stands !== undefined && stands.firstPosition > name.firstPosition)
      throw new BackupRefused('wrong_place', `${root} does not hold ${basename(stands.path)}`)
    this.refuseUnfit(entry)
    const damaged = stands?.firstPosition === name.firstPosition ? stands : undefined
    const before = damaged === undefined ? stands : segments[at - 1]
    const after = segments[at + 1]
    refuseEpoch(name, [before, damaged, after], damaged)
    const neighbours = {
      before: before === undefined ? floor : await this.endOf(before),
      after: after === undefined ? undefined : await this.beginningOf(after),
    }
    if (damaged !== undefined) {
      const sound = await this.judge(damaged, neighbours, undefined)
      if (typeof sound !== 'string') return { segment: sound, kept: undefined, copied: false }
    }
    return this.replace(damaged, entry, neighbours)
  }

  /** The copy of the segment that holds the position, as far as the names of the copies say. */
  private copyOf({ files }: Manifest, position: number): { readonly entry: BackupEntry; readonly name: SegmentName } {
    let found: { entry: BackupEntry; name: SegmentName } | undefined
    for (const entry of files) {
      const name = segmentNameOf(entry.path)
      if (name === undefined || name.firstPosition > position) continue
      if (found === undefined || name.firstPosition > found.name.firstPosition) found = { entry, name }
    }
    const { root } = this.source.layout
    if (found === undefined) throw new BackupRefused('wrong_place', `${root} does not hold position ${position}`)
    return found
  }

  private refuseUnfit({ path, tail, damaged }: BackupEntry): void {
    const { root } = this.source.layout
    if (tail === true) throw new BackupRefused('wrong_place', `${root} holds only the beginning of ${basename(path)}`)
    if (damaged === true)
      throw new BackupRefused('damaged', `${basename(path)} was damaged already when ${root} was made`)
  }

  private async replace(damaged: ListedSegment | undefined, entry: BackupEntry, beside: Neighbours): Promise<PutBack> {
    const { disk, layout, pool } = this.context.files
    const name = segmentNameOf(entry.path) as SegmentName
    const to = join(layout.root, entry.path)
    const unfinished = await this.copy(entry, name, damaged)
    try {
      const proven = await this.judge({ ...name, path: unfinished }, beside, await this.ownFooter(damaged))
      if (typeof proven === 'string')
        throw new BackupRefused('damaged', `${this.source.layout.pathOf(entry)}: ${proven}`)
      const kept = damaged === undefined ? undefined : await this.keep(damaged)
      await disk.rename(unfinished, to)
      await disk.syncDirectory(dirname(to))
      await pool.forget(to)
      if (damaged !== undefined && damaged.path !== to) await this.remove(damaged.path)
      // The index may have been made from the damaged bytes.
      await this.remove(indexPath(layout, name))
      return { segment: { ...proven, path: to }, kept, copied: true }
    } catch (error) {
      await disk.unlink(unfinished).catch(() => undefined)
      throw error
    }
  }

  private async copy(entry: BackupEntry, name: SegmentName, damaged: ListedSegment | undefined): Promise<string> {
    const { disk, layout } = this.context.files
    const from = this.source.layout.pathOf(entry)
    const bytes = await sizeOf(this.source.disk, from)
    if (bytes === undefined) throw new BackupRefused('damaged', `${from} is missing`)
    const evidence = damaged === undefined ? 0 : ((await sizeOf(disk, damaged.path)) ?? 0)
    const { freeBytes } = await disk.space(layout.root)
    if (freeBytes < entry.bytes + evidence + SPARE_BYTES)
      throw new BackupRefused(
        'no_room',
        `${layout.root} has no room for ${basename(entry.path)} beside the damaged one`,
      )
    const { firstPosition, epoch, sha256 } = name
    const unfinished =
      sha256 === undefined
        ? temporary(join(layout.root, entry.path))
        : join(layout.archive, archiveTemporaryName(firstPosition, epoch))
    await disk.unlink(unfinished)
    const copied = await withFile(this.source.disk, from, file =>
      copyContent(disk, asItLies(file, Math.min(bytes, entry.bytes)), unfinished),
    )
    if (copied.sha256 === entry.sha256) return unfinished
    await disk.unlink(unfinished)
    throw new BackupRefused('damaged', `${from} does not have the hash that the manifest says`)
  }

  /** Returns the segment, or in words why the file is not the segment that the log goes on from. */
  private async judge(
    listed: ListedSegment,
    { before, after }: Neighbours,
    own: Footer | undefined,
  ): Promise<SegmentFile | string> {
    const { disk } = this.context.files
    const pool = new FilePool(disk, 1)
    try {
      const source = await openSource(pool, listed)
      const { header, footer, paddingIsZero } = await readFacts(source)
      if ('fault' in header || footer === undefined || !paddingIsZero || header.firstPosition !== listed.firstPosition)
        return 'it is not that segment as it was sealed'
      const start = { ...scanStart(header, footer.dataEnd), ...sealedKnowledge(footer) }
      const { damaged, chain, nextPosition } = await scan(source, start)
      const whole = damaged.length === 0 && chain.equals(footer.chain) && nextPosition === footer.lastPosition + 1
      if (!whole || !digestMatches(footer, await digestOf(source, footer.dataEnd)))
        return 'it does not have the hashes it was sealed with'
      const misfit = misfitOf({ header, footer }, { before, after }, own)
      if (misfit !== undefined) return misfit
      const { sha256 } = listed
      if (sha256 !== undefined && (await fileSha256(pool, listed.path, async () => undefined)) !== sha256)
        return 'the archive does not have the hash in its name'
      const packedLength = await pool.use(listed.path, file => file.size())
      const archive = sha256 === undefined ? undefined : { sha256, packedLength }
      const { path, epoch } = listed
      return { path, epoch, archive, identity: header, footer, length: footer.dataEnd + FOOTER_BYTES }
    } catch (error) {
      if (diskErrorCode(error) === undefined) throw error
      return `it cannot be read (${diskErrorCode(error)})`
    } finally {
      await pool.closeAll()
    }
  }

  private async factsOf(listed: ListedSegment): Promise<SegmentFacts | undefined> {
    const pool = new FilePool(this.context.files.disk, 1)
    try {
      const facts = await readFacts(await openSource(pool, listed))
      return 'fault' in facts.header || facts.header.firstPosition === listed.firstPosition ? facts : undefined
    } catch (error) {
      if (diskErrorCode(error) === undefined) throw error
      return undefined
    } finally {
      await pool.closeAll()
    }
  }

  private async endOf(listed: ListedSegment): Promise<Expected | undefined> {
    const footer = (await this.factsOf(listed))?.footer
    return footer === undefined ? undefined : { nextPosition: footer.lastPosition + 1, chain: footer.chain }
  }

  private async beginningOf(listed: ListedSegment): Promise<SegmentIdentity | undefined> {
    const header = (await this.factsOf(listed))?.header
    return header === undefined || 'fault' in header ? undefined : header
  }

  private async ownFooter(damaged: ListedSegment | undefined): Promise<Footer | undefined> {
    return damaged === undefined ? undefined : (await this.factsOf(damaged))?.footer
  }

  /** It is copied and not moved, so that what can still be read of it can be read at every moment. */
  private async keep({ path }: ListedSegment): Promise<string> {
    const { disk, layout } = this.context.files
    const kept = join(layout.quarantine, `${basename(path)}.replaced-${this.context.now()}`)
    await disk.makeDirectory(layout.quarantine)
    await disk.syncDirectory(layout.root)
    const bytes = (await sizeOf(disk, path)) ?? 0
    try {
      await disk.unlink(temporary(kept))
      await withFile(disk, path, file => copyContent(disk, asItLies(file, bytes), temporary(kept)))
      await disk.rename(temporary(kept), kept)
    } catch (error) {
      if (diskErrorCode(error) !== 'EIO') throw error
      // The disk does not give all of its bytes, and moving it needs none.
      await disk.unlink(temporary(kept))
      await disk.rename(path, kept)
      await disk.syncDirectory(dirname(path))
    }
    await disk.syncDirectory(layout.quarantine)
    return kept
  }

  private async remove(path: string): Promise<void> {
    const { disk, pool } = this.context.files
    await pool.forget(path)
    await disk.unlink(path)
    await disk.syncDirectory(dirname(path))
  }
}

interface SegmentName {
  readonly firstPosition: number
  readonly epoch: number
  readonly sha256?: string
}

function segmentNameOf(path: string): SegmentName | undefined {
  const parsed = parseName(basename(path))
  if (parsed?.kind === 'segment') return { firstPosition: parsed.firstPosition, epoch: parsed.epoch }
  if (parsed?.kind !== 'archive') return undefined
  const { firstPosition, epoch, sha256 } = parsed
  return { firstPosition, epoch, sha256 }
}

/** Epochs rise with positions. A file of another epoch would be passed over by a start, or hide those behind it. */
function refuseEpoch(
  { firstPosition, epoch }: SegmentName,
  [before, , after]: readonly (ListedSegment | undefined)[],
  damaged: ListedSegment | undefined,
): void {
  const rises = (before?.epoch ?? 0) <= epoch && epoch <= (after?.epoch ?? epoch)
  if (rises && (damaged === undefined || damaged.epoch === epoch)) return
  throw new BackupRefused('wrong_place', `the backup holds the segment from ${firstPosition} on of another epoch`)
}

/**
 * The hash chain runs through every frame from the first one on, so what the next segment continues proves all bytes of
 * this one. Where there is no readable segment behind it, the footer of the damaged file has to be the same.
 */
function misfitOf(
  { header, footer }: { readonly header: SegmentIdentity; readonly footer: Footer },
  { before, after }: Neighbours,
  own: Footer | undefined,
): string | undefined {
  if (before?.nextPosition === header.firstPosition && !before.chain.equals(header.prev))
    return 'the chain of the segment before it does not go on in it'
  if (after !== undefined) {
    if (!after.storeId.equals(header.storeId)) return 'it is of another store'
    if (after.firstPosition !== footer.lastPosition + 1)
      return `it ends with position ${footer.lastPosition}, and the next segment begins with ${after.firstPosition}`
    return after.prev.equals(footer.chain) ? undefined : 'the next segment does not continue its chain'
  }
  if (own === undefined) return 'no segment stands behind it and its own footer is lost, so that nothing can prove it'
  return own.chain.equals(footer.chain) && own.fileHash.equals(footer.fileHash)
    ? undefined
    : 'it is not what the footer of the damaged file says'
}
