// Compares every byte of a data directory with its stored hashes and figures, and reports what is wrong and where.
import { join } from 'node:path'
import type { Disk } from '../disk/disk.js'
import { FOOTER_BYTES } from '../format/footer.js'
import { parseName } from '../format/names.js'
import { compareIndex, FreshPostings } from '../index/compare-index.js'
import { openIndex } from '../index/sealed-postings.js'
import type { JudgedTail } from '../recovery/recover-tail.js'
import { describeDamage, type KnownDamage } from '../segment/accepted-damage.js'
import { digestOf } from '../segment/digest.js'
import type { EngineContext } from '../segment/engine-context.js'
import { wholeSegment } from '../segment/examine-segment.js'
import { indexingVisitor, indexPath, scanStart, sealedKnowledge } from '../segment/load-segment.js'
import { type ScanResult, scan } from '../segment/scan.js'
import { lostPositions, type SealedSegment } from '../segment/sealed-segment.js'
import { indexIdentity } from '../segment/segment-row.js'
import { fileSha256 } from '../upkeep/archive.js'
import { type Survey, survey } from './full-scan.js'

/**
 * `corrupt`: stored bytes are lost or changed. `torn`: a crash left an unfinished write, which the next start deals
 * with. `index`: an index is wrong and would be believed, but no event is lost. `notice`: nothing needs doing.
 */
export type Severity = 'corrupt' | 'torn' | 'index' | 'notice'

export interface Finding {
  readonly severity: Severity
  readonly file: string
  readonly offset?: number
  readonly positions?: { readonly from: number; readonly to: number }
  readonly reason: string
}

export interface VerifyReport {
  /** True when nothing is corrupt and no index is wrong. Notices and a torn tail are no fault. */
  readonly clean: boolean
  readonly findings: readonly Finding[]
  readonly segments: number
  readonly archives: number
  readonly frames: number
  readonly events: number
  readonly bytes: number
  readonly first: number
  readonly head: number
  /** The hash of the last frame. Two stores with the same chain hold the same log. */
  readonly chain: string
  readonly quarantine: readonly { readonly name: string; readonly bytes: number }[]
}

export interface VerifiedStore {
  readonly survey: Survey
  readonly report: VerifyReport
  /** All damage, accepted or not: what a start finds, and what only reading every byte finds. */
  readonly damage: readonly KnownDamage[]
  /** Sealed segments whose index has to be rebuilt. */
  readonly indexless: readonly SealedSegment[]
}

export async function verify(context: EngineContext): Promise<VerifiedStore> {
  return new Verification(context, await survey(context)).run()
}

const UNKNOWN = 'not a file of this store; it is left alone'
const IMPORTING = 'an import was begun and not finished; no server opens this store before it is'

class Verification {
  private readonly findings: Finding[] = []
  private readonly indexless: SealedSegment[] = []
  private readonly damaged: KnownDamage[] = []
  private frames = 0
  private events = 0
  private bytes = 0

  constructor(
    private readonly context: EngineContext,
    private readonly found: Survey,
  ) {}

  async run(): Promise<VerifiedStore> {
    const { loaded, floor } = this.found
    this.directory()
    for (const item of this.found.damage.found) this.damage(item)
    for (const segment of loaded.sealed) await this.sealed(segment)
    if (loaded.tail !== undefined) this.tail(loaded.tail)
    this.record()
    const report = {
      clean: this.findings.every(({ severity }) => severity === 'notice' || severity === 'torn'),
      findings: this.findings,
      segments: loaded.sealed.length + (loaded.tail === undefined ? 0 : 1),
      archives: loaded.sealed.archivedCount,
      frames: this.frames,
      events: this.events,
      bytes: this.bytes,
      first: floor.nextPosition,
      head: loaded.next.nextPosition - 1,
      chain: loaded.next.chain.toString('hex'),
      quarantine: await quarantined(this.context.files.disk, this.context.files.layout.quarantine),
    }
    return { survey: this.found, report, damage: this.damaged, indexless: this.indexless }
  }

  private add(severity: Severity, file: string, reason: string, more: Partial<Finding> = {}): void {
    this.findings.push({ severity, file, reason, ...more })
  }

  private directory(): void {
    const { catalogue, damagedFacts, floor } = this.found
    const { layout } = this.context.files
    for (const path of damagedFacts) this.add('corrupt', path, 'the file does not have its own hash')
    for (const path of catalogue.unknown) this.add('notice', path, path === layout.importing ? IMPORTING : UNKNOWN)
    for (const path of catalogue.leftovers) this.add('notice', path, 'left over by a crash; the next start removes it')
    for (const { firstPosition, path } of catalogue.segments) {
      if (firstPosition < floor.nextPosition) this.add('notice', path, 'retired; the next start removes it')
    }
  }

  /** Recorded damage keeps the store read-only even when it cannot be found again, so it is reported as well. */
  private record(): void {
    const { damage } = this.context.files.layout
    for (const item of this.found.damage.recorded) {
      const { from, to, firstPosition } = item
      const isHere = (found: KnownDamage) =>
        to < from ? found.firstPosition === firstPosition : found.from <= from && to <= found.to
      if (this.damaged.some(isHere)) continue
      this.add('corrupt', damage, `tells of damage that is not found now: ${describeDamage(item, 1)}`)
    }
  }

  private damage(item: KnownDamage): void {
    this.damaged.push(item)
    const accepted = this.found.damage.accepted.covers(item)
    const [file = ''] = item.where.split(' at byte ')
    const offset = item.bytes === undefined ? {} : { offset: item.bytes.from }
    const positions = item.to < item.from ? {} : { positions: { from: item.from, to: item.to } }
    this.add(accepted ? 'notice' : 'corrupt', file, accepted ? `${item.reason} (accepted)` : item.reason, {
      ...offset,
      ...positions,
    })
  }

  private isDamaged(segment: SealedSegment): boolean {
    return this.found.damage.found.some(({ firstPosition }) => firstPosition === segment.firstPosition)
  }

  private async sealed(segment: SealedSegment): Promise<void> {
    const { identity, footer } = segment.sealed
    const fresh = new FreshPostings(this.context.indexes.kinds)
    const start = { ...scanStart(identity, footer.dataEnd), ...sealedKnowledge(footer) }
    const result = await scan(segment.source, start, indexingVisitor(this.context, fresh))
    this.count(result, segment.firstPosition, segment.source.length)
    const damaged = this.isDamaged(segment)
    if (!damaged) this.footer(segment, result)
    await this.archiveFile(segment, damaged)
    if (!damaged) await this.index(segment, fresh)
  }

  private count(result: ScanResult, firstPosition: number, bytes: number): void {
    const { nextPosition } = result
    // Where the end of the loss is not known, it lies behind all positions that the scan passed.
    const passed = result.damaged.map(({ from, to }) => ({ from, to: Math.min(to, nextPosition - 1) }))
    this.frames += result.frames
    this.events += nextPosition - firstPosition - lostPositions(passed)
    this.bytes += bytes
  }

  /** Checks the fields of the footer except the hash, which the survey has compared already. */
  private footer(segment: SealedSegment, result: ScanResult): void {
    const { footer, identity } = segment.sealed
    const wrong: string[] = []
    if (footer.firstPosition !== identity.firstPosition) wrong.push('first position')
    if (footer.lastPosition !== result.nextPosition - 1) wrong.push('last position')
    if (footer.frames !== result.frames) wrong.push('number of frames')
    if (footer.batch !== result.batch) wrong.push('last batch')
    if (!footer.chain.equals(result.chain)) wrong.push('chain hash')
    if (wrong.length === 0) return
    const reason = `the footer does not tell what the segment holds: ${wrong.join(', ')}`
    this.damage({
      ...wholeSegment(segment, reason),
      bytes: { from: footer.dataEnd, to: footer.dataEnd + FOOTER_BYTES },
    })
  }

  private async archiveFile(segment: SealedSegment, damaged: boolean): Promise<void> {
    const name = parseName(segment.name)
    if (name?.kind !== 'archive') return
    const found = await fileSha256(this.context.files.pool, segment.path, async () => undefined)
    if (found === name.sha256 || damaged) return
    this.damage(wholeSegment(segment, 'the archive does not have the hash in its name, though every event in it does'))
  }

  private async index(segment: SealedSegment, fresh: FreshPostings): Promise<void> {
    const path = indexPath(this.context.files.layout, segment.sealed.identity)
    const { footer } = segment.sealed
    const found = await openIndex(path, indexIdentity(footer), this.context.indexes)
    if (found === undefined) {
      this.indexless.push(segment)
      this.add('notice', path, 'missing, damaged or of another segment; the next start makes it anew')
      return
    }
    const { blocks } = await digestOf(segment.source, footer.dataEnd)
    const fault = await compareIndex(found, fresh, blocks)
    if (fault === undefined) return
    this.indexless.push(segment)
    if ('damaged' in fault) this.add('notice', path, `${fault.damaged}; it is made anew when it is used`)
    else this.add('index', path, fault.wrong)
  }

  private tail({ listed, source, result }: JudgedTail): void {
    this.count(result, listed.firstPosition, source.length)
    if (result.tornAt === undefined) return
    const reason = 'an unfinished write; the next start moves it to quarantine'
    this.add('torn', listed.path, reason, { offset: result.tornAt })
  }
}

async function quarantined(disk: Disk, directory: string): Promise<{ name: string; bytes: number }[]> {
  const found: { name: string; bytes: number }[] = []
  for (const name of await disk.list(directory)) {
    const file = await disk.open(join(directory, name), { mode: 'read' })
    try {
      found.push({ name, bytes: await file.size() })
    } finally {
      await file.close()
    }
  }
  return found
}
