// Makes a data directory from a backup. The segment written last is put in place last, so that a start finds either
// everything or that this segment is missing, and never takes half a store for a whole one.
import { dirname, join } from 'node:path'
import { syncAncestors } from '../disk/ancestors.js'
import type { Disk } from '../disk/disk.js'
import { writeFact } from '../disk/small-file.js'
import { type Layout, temporary } from '../format/names.js'
import type { StoredLineage } from '../recovery/lineage.js'
import { type BackupEntry, type Manifest, readManifest } from './backup-manifest.js'
import type { BackupLayout } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'
import { asItLies, copyContent, hashContent, sizeOf, withFile } from './copy-content.js'
import { type Cut, type RestorePlan, withCut } from './cut-backup.js'
import { beginRestore, restoredBytes, takeEmpty } from './restore-target.js'

export interface RestoreContext {
  /** The backup, which is only read. */
  readonly source: { readonly disk: Disk; readonly layout: BackupLayout }
  readonly target: { readonly disk: Disk; readonly layout: Layout }
  /** Shown to a server that finds the directory locked. */
  readonly tag: string
  /** When true, a copy that does not have its hash is not used, and the restore is left unfinished. */
  readonly strict: boolean
  /** The lineage of what goes on from another one behind a position. */
  readonly fork: (parent: Pick<StoredLineage, 'id' | 'ancestors'>, at: number) => StoredLineage
  /** Where to end; without it, all of the backup is restored. */
  readonly cut: Cut | undefined
}

export interface RestoreReport {
  readonly manifest: Manifest
  /** The new lineage of the directory, whose youngest ancestor is the one that was backed up. */
  readonly lineage: StoredLineage
  /** False when the directory was left unfinished. No server writes to it, and the next restore goes on from there. */
  readonly restored: boolean
  readonly copied: { readonly files: number; readonly bytes: number }
  /** Files of the backup that are not what its manifest says. */
  readonly damaged: readonly { readonly file: string; readonly reason: string }[]
}

export async function restore(context: RestoreContext): Promise<RestoreReport> {
  const { source } = context
  const manifest = await readManifest(source.disk, source.layout)
  if (manifest === undefined) throw new BackupRefused('wrong_place', `${source.layout.root} holds no complete backup`)
  if (context.cut === undefined) return restorePlan(context, { manifest, made: new Map() })
  return withCut(source, manifest, context.cut, plan => restorePlan(context, plan))
}

async function restorePlan(context: RestoreContext, plan: RestorePlan): Promise<RestoreReport> {
  const { source, target } = context
  const { manifest } = plan
  const missing = await missingCopies(source, plan)
  const nothing = { files: 0, bytes: 0 }
  // What is appended to the copy from here on is not what was, or will be, appended to the store it was made of.
  const parent = manifest.lineage ?? { id: manifest.store, ancestors: [] }
  const lineage = context.fork(parent, manifest.head.position)
  if (missing.length > 0) return { manifest, lineage, restored: false, copied: nothing, damaged: missing }
  const lock = await takeEmpty(target.disk, target.layout, context.tag, manifest)
  try {
    return await new RestoreRun(context, plan, lineage).run()
  } finally {
    await lock.release()
  }
}

/** Checked before a byte is written, so that a backup with missing copies leaves no half-restored directory. */
async function missingCopies(
  { disk, layout }: RestoreContext['source'],
  { manifest, made }: RestorePlan,
): Promise<{ file: string; reason: string }[]> {
  const missing: { file: string; reason: string }[] = []
  for (const entry of manifest.files) {
    if (made.has(entry.path)) continue
    const file = layout.pathOf(entry)
    const bytes = await sizeOf(disk, file)
    if (bytes === undefined) missing.push({ file, reason: 'the file is missing' })
    else if (bytes !== entry.bytes)
      missing.push({ file, reason: `the file has ${bytes} bytes, and the manifest says ${entry.bytes}` })
  }
  return missing
}

class RestoreRun {
  private readonly copied = { files: 0, bytes: 0 }
  private readonly damaged: { file: string; reason: string }[] = []

  constructor(
    private readonly context: RestoreContext,
    private readonly plan: RestorePlan,
    private readonly lineage: StoredLineage,
  ) {}

  async run(): Promise<RestoreReport> {
    const { disk, layout } = this.context.target
    const { lineage, copied, damaged } = this
    const { manifest } = this.plan
    const { files } = manifest
    await this.requireRoom()
    const sign = await beginRestore(disk, layout, manifest)
    await writeFact(disk, layout.lineage, this.lineage)
    const last = files.findLast(({ path }) => dirname(path) !== '.')
    for (const entry of files) if (entry !== last) await this.place(entry)
    await this.syncAll()
    const report = { manifest, lineage, copied, damaged }
    // Without the segment that CURRENT names, no start takes the directory for whole, so that segment comes last.
    if (last !== undefined && (damaged.length === 0 || !this.context.strict)) await this.place(last)
    if (damaged.length > 0 && this.context.strict) return { ...report, restored: false }
    await this.syncAll()
    await disk.unlink(sign)
    await disk.syncDirectory(layout.root)
    return { ...report, restored: true }
  }

  /** What an interrupted restore put there stays or gives its room back, so that much less is needed. */
  private async requireRoom(): Promise<void> {
    const { disk, layout } = this.context.target
    const whole = this.plan.manifest.files.reduce((sum, entry) => sum + entry.bytes, 0)
    const bytes = whole - (await restoredBytes(disk, layout))
    const { freeBytes } = await disk.space(layout.root)
    if (freeBytes >= bytes) return
    const [needed, free] = [bytes, freeBytes].map(count => `${(count / 1e6).toFixed(0)} MB`)
    throw new BackupRefused('no_room', `${layout.root} needs ${needed} and has ${free}`)
  }

  private async place(entry: BackupEntry): Promise<void> {
    const { source, target, strict } = this.context
    const to = join(target.layout.root, entry.path)
    if (await this.isInPlace(entry, to)) return
    const unfinished = temporary(to)
    // Another content goes before its replacement comes, because there may not be room for both.
    for (const path of [to, unfinished]) await target.disk.unlink(path)
    const from = source.layout.pathOf(entry)
    const made = this.plan.made.get(entry.path)
    const copied = await (made === undefined
      ? withFile(source.disk, from, file => copyContent(target.disk, asItLies(file, entry.bytes), unfinished))
      : copyContent(target.disk, made, unfinished))
    if (copied.sha256 !== entry.sha256) {
      this.damaged.push({ file: from, reason: 'the file does not have the hash that the manifest says' })
      if (strict) return target.disk.unlink(unfinished)
    }
    await target.disk.rename(unfinished, to)
    this.copied.files++
    this.copied.bytes += copied.bytes
  }

  /**
   * True when an interrupted restore put it there. It is renamed away and back, because its sync may have failed then.
   */
  private async isInPlace(entry: BackupEntry, to: string): Promise<boolean> {
    const { disk } = this.context.target
    if ((await sizeOf(disk, to)) !== entry.bytes) return false
    const found = await withFile(disk, to, file => hashContent(asItLies(file, entry.bytes)))
    if (found.sha256 !== entry.sha256) return false
    await disk.rename(to, temporary(to))
    await disk.rename(temporary(to), to)
    return true
  }

  private async syncAll(): Promise<void> {
    const { disk, layout } = this.context.target
    for (const directory of [layout.segments, layout.archive, layout.root]) await disk.syncDirectory(directory)
    await syncAncestors(disk, layout.root)
  }
}
