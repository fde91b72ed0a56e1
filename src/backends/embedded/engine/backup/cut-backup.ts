// Decides what of a backup is restored up to a cut: whole segments, and the beginning of the one in which the cut lies.
import { basename, dirname } from 'node:path'
import { type Disk, diskErrorCode } from '../disk/disk.js'
import { FilePool } from '../disk/file-pool.js'
import { DamagedFact, factChunks, readFact } from '../disk/small-file.js'
import type { Frame } from '../format/frame.js'
import { parseName, segmentName } from '../format/names.js'
import { HEADER_BLOCK_BYTES, headerBlock, markBytes, markSlot } from '../format/segment-header.js'
import type { KnownDamage } from '../segment/accepted-damage.js'
import type { ListedSegment } from '../segment/catalogue.js'
import { FrameCursor } from '../segment/frame-cursor.js'
import { openSource } from '../segment/load-segment.js'
import { readFacts } from '../segment/sealed-segment.js'
import type { SegmentBytes } from '../segment/segment-bytes.js'
import type { BackupEntry, Manifest } from './backup-manifest.js'
import type { BackupLayout } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'
import { type Content, hashContent } from './copy-content.js'
import type { FrameEnd } from './live-tail.js'

export interface Cut {
  /** Whether a frame lies before the cut. Once it says no, it says no of every later frame. */
  readonly keeps: (frame: Frame) => boolean
  /** The last position that may be kept, where it is known, so that only one segment has to be looked at. */
  readonly position?: number
  /** The last moment whose events are kept, in milliseconds since 1970, where the cut is said by it. */
  readonly ms?: number
}

export interface RestorePlan {
  /** As if the backup had been made when the log ended at the cut. */
  readonly manifest: Manifest
  /** What the backup does not hold as a file, by the path in the restored directory. */
  readonly made: ReadonlyMap<string, Content>
}

interface ListedEntry extends ListedSegment {
  readonly entry: BackupEntry
}

interface Place {
  readonly disk: Disk
  readonly layout: BackupLayout
}

/** `work` may read what the plan has made; its files are closed afterwards. */
export async function withCut<T>(
  place: Place,
  manifest: Manifest,
  cut: Cut,
  work: (plan: RestorePlan) => Promise<T>,
): Promise<T> {
  const pool = new FilePool(place.disk, 2)
  try {
    return await work(await new CutPlan(place, manifest, pool).upTo(cut))
  } finally {
    await pool.closeAll()
  }
}

class CutPlan {
  private readonly made = new Map<string, Content>()

  constructor(
    private readonly place: Place,
    private readonly manifest: Manifest,
    private readonly pool: FilePool,
  ) {}

  async upTo(cut: Cut): Promise<RestorePlan> {
    const { manifest, made } = this
    mustReach(manifest, cut)
    const segments = segmentsOf(this.place.layout, manifest)
    const listed = await this.lastKept(segments, cut)
    const tail = await this.reading(listed, source => this.beginningOf(listed, source, cut))
    const { firstPosition, epoch } = listed
    if (tail.head.position < manifest.first) {
      throw new BackupRefused('wrong_place', `nothing would be left: the backup begins with position ${manifest.first}`)
    }
    const before = segments.filter(other => other.firstPosition < firstPosition).map(({ entry }) => entry)
    const files = [...(await this.facts(firstPosition)), ...before, tail.entry]
    return { manifest: { ...manifest, head: tail.head, current: { epoch, firstPosition }, files }, made }
  }

  private async lastKept(segments: readonly ListedEntry[], { keeps, position }: Cut): Promise<ListedEntry> {
    let found = segments[0]
    if (found === undefined) throw new BackupRefused('wrong_place', `${this.place.layout.root} holds no segment`)
    if (position !== undefined) return segments.findLast(({ firstPosition }) => firstPosition <= position) ?? found
    for (let [from, to] = [1, segments.length]; from < to; ) {
      const middle = (from + to) >>> 1
      const listed = segments[middle] as ListedEntry
      if (await this.reading(listed, source => this.beginsKept(listed, source, keeps))) {
        found = listed
        from = middle + 1
      } else to = middle
    }
    return found
  }

  private async beginsKept(listed: ListedEntry, source: SegmentBytes, keeps: Cut['keeps']): Promise<boolean> {
    const { identity, dataEnd } = await this.factsOf(listed, source)
    const step = await new FrameCursor(source, identity.salt, HEADER_BLOCK_BYTES, dataEnd).next()
    if (step === 'end') return false
    if ('fault' in step) throw damagedAt(listed, step.at)
    return keeps(step.frame)
  }

  /** Goes by frames, each of which is an append: one that reaches over the cut is left out as a whole. */
  private async beginningOf(listed: ListedEntry, source: SegmentBytes, { keeps }: Cut) {
    const { identity, dataEnd } = await this.factsOf(listed, source)
    let kept: FrameEnd = { end: HEADER_BLOCK_BYTES, nextPosition: identity.firstPosition, chain: identity.prev }
    const cursor = new FrameCursor(source, identity.salt, kept.end, dataEnd)
    for (let step = await cursor.next(); step !== 'end'; step = await cursor.next()) {
      if ('fault' in step) throw damagedAt(listed, step.at)
      const { frame } = step
      if (!continues(frame, kept)) throw damagedAt(listed, frame.offset)
      if (!keeps(frame)) break
      kept = { end: frame.end, nextPosition: frame.firstPosition + frame.items.length, chain: Buffer.from(frame.hash) }
    }
    const { end, chain } = kept
    const position = kept.nextPosition - 1
    const head = { position, chain: chain.toString('hex'), segment: listed.firstPosition, end }
    const block = headerBlock(identity)
    markBytes({ sequence: 1, clean: false, durable: end, head: position, hash: chain }).copy(block, markSlot(1))
    const content = { length: end, read: reader(source, block) }
    const path = `segments/${segmentName(listed.firstPosition, listed.epoch)}`
    this.made.set(path, content)
    const { sha256 } = await hashContent(content)
    return { head, entry: { path, bytes: end, sha256, tail: true as const } }
  }

  private async factsOf(listed: ListedEntry, source: SegmentBytes) {
    const { header, mark, footer } = await readFacts(source)
    const dataEnd = footer?.dataEnd ?? mark?.durable
    const isItself = !('fault' in header) && header.firstPosition === listed.firstPosition
    if (!isItself || dataEnd === undefined || dataEnd > source.length) throw damagedAt(listed, 0)
    return { identity: header, dataEnd }
  }

  /** What is known of damage behind the cut would be said of other events once they are written there. */
  private async facts(cutIn: number): Promise<BackupEntry[]> {
    const { disk, layout } = this.place
    const facts: BackupEntry[] = []
    for (const entry of this.manifest.files) {
      if (entry.path === 'FLOOR') facts.push(entry)
      else if (dirname(entry.path) === '.') {
        const known = (await readFact(disk, layout.pathOf(entry)).catch(refused)) as readonly KnownDamage[]
        const before = known.filter(({ firstPosition }) => firstPosition < cutIn)
        if (before.length > 0) facts.push(await this.make(entry.path, Buffer.concat(factChunks(entry.path, before))))
      }
    }
    return facts
  }

  private async make(path: string, bytes: Buffer): Promise<BackupEntry> {
    const read = async (into: Uint8Array, at: number) => {
      const piece = bytes.subarray(at, at + into.length)
      into.set(piece)
      return piece.length
    }
    const content = { length: bytes.length, read }
    this.made.set(path, content)
    const { sha256 } = await hashContent(content)
    return { path, bytes: bytes.length, sha256 }
  }

  private async reading<T>(listed: ListedEntry, work: (source: SegmentBytes) => Promise<T>): Promise<T> {
    try {
      return await work(await openSource(this.pool, listed))
    } catch (error) {
      if (diskErrorCode(error) === 'ENOENT') throw new BackupRefused('damaged', `${listed.path} is missing`)
      throw error
    }
  }
}

/** A backup that ends before the cut would be taken for one that holds everything up to it. */
function mustReach({ head, begun }: Manifest, { position, ms }: Cut): void {
  if (position !== undefined && position > head.position)
    throw new BackupRefused('wrong_place', `the backup ends with position ${head.position}`)
  if (ms !== undefined && ms > Date.parse(begun))
    throw new BackupRefused('wrong_place', `the backup was begun at ${begun}, and may lack what came later`)
}

function segmentsOf(layout: BackupLayout, { files }: Manifest): ListedEntry[] {
  const segments: ListedEntry[] = []
  for (const entry of files) {
    const name = parseName(basename(entry.path))
    if (name?.kind !== 'segment' && name?.kind !== 'archive') continue
    const { firstPosition, epoch } = name
    const sha256 = name.kind === 'archive' ? { sha256: name.sha256 } : {}
    segments.push({ firstPosition, epoch, path: layout.pathOf(entry), ...sha256, entry })
  }
  return segments.sort((one, other) => one.firstPosition - other.firstPosition)
}

function continues(frame: Frame, { nextPosition, chain }: FrameEnd): boolean {
  return frame.firstPosition === nextPosition && frame.prev.equals(chain) && frame.items.every(({ intact }) => intact)
}

/** The bytes of the source under another header. */
function reader(source: SegmentBytes, block: Buffer): Content['read'] {
  return async (into, at) => {
    const bytes = await source.read(at, into.length)
    into.set(bytes)
    if (at < block.length) into.set(block.subarray(at, Math.min(block.length, at + into.length)))
    return bytes.length
  }
}

function damagedAt({ path }: ListedSegment, at: number): BackupRefused {
  return new BackupRefused('damaged', `${path} is damaged at byte ${at}, before the cut`)
}

function refused(error: unknown): never {
  throw error instanceof DamagedFact ? new BackupRefused('damaged', error.message) : error
}
