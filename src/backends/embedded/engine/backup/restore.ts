// Makes a data directory from a backup: a start finds either all of it, or that the segment written last is missing.
import { dirname, join } from 'node:path'
import { syncAncestors } from '../disk/ancestors.js'
import type { Disk } from '../disk/disk.js'
import { type Layout, temporary } from '../format/names.js'
import { type BackupEntry, type Manifest, readManifest } from './backup-manifest.js'
import type { BackupLayout } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'
import { asItLies, copyContent, hashContent, sizeOf, withFile } from './copy-content.js'
import { beginRestore, takeEmpty } from './restore-target.js'

export interface RestoreContext {
  /** Only read. */
  readonly source: Disk
  readonly backup: BackupLayout
  readonly target: Disk
  readonly store: Layout
  /** For a server that finds the directory locked. */
  readonly tag: string
  /** Goes on only with copies that have their hash. */
  readonly strict: boolean
}

export interface RestoreReport {
  readonly manifest: Manifest
  /** False when the directory was left unfinished: no server writes to it, and a restore begins where this one ended. */
  readonly restored: boolean
  readonly copied: { readonly files: number; readonly bytes: number }
  /** Files of the backup that are not what its manifest says. */
  readonly damaged: readonly { readonly file: string; readonly reason: string }[]
}

export async function restore(context: RestoreContext): Promise<RestoreReport> {
  const { source, backup, target, store } = context
  const manifest = await readManifest(source, backup)
  if (manifest === undefined) throw new BackupRefused('wrong_place', `${backup.root} holds no complete backup`)
  const missing = await missingCopies(context, manifest)
  const nothing = { files: 0, bytes: 0 }
  if (missing.length > 0) return { manifest, restored: false, copied: nothing, damaged: missing }
  const lock = await takeEmpty(target, store, context.tag, manifest)
  try {
    return await new RestoreRun(context, manifest).run()
  } finally {
    await lock.release()
  }
}

/** Before a byte is written: is every copy there, and as long as it was? */
async function missingCopies(
  { source, backup }: RestoreContext,
  manifest: Manifest,
): Promise<{ file: string; reason: string }[]> {
  const missing: { file: string; reason: string }[] = []
  for (const entry of manifest.files) {
    const file = backup.pathOf(entry)
    const bytes = await sizeOf(source, file)
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
    private readonly manifest: Manifest,
  ) {}

  async run(): Promise<RestoreReport> {
    const { target, store } = this.context
    const { files } = this.manifest
    await this.requireRoom()
    const sign = await beginRestore(target, store, this.manifest)
    const last = files.findLast(({ path }) => dirname(path) !== '.')
    for (const entry of files) if (entry !== last) await this.place(entry)
    await this.syncAll()
    const report = { manifest: this.manifest, copied: this.copied, damaged: this.damaged }
    // Without the segment that CURRENT names, no start takes the directory for whole.
    if (last !== undefined && (this.damaged.length === 0 || !this.context.strict)) await this.place(last)
    if (this.damaged.length > 0 && this.context.strict) return { ...report, restored: false }
    await this.syncAll()
    await target.unlink(sign)
    await target.syncDirectory(store.root)
    return { ...report, restored: true }
  }

  private async requireRoom(): Promise<void> {
    const { target, store } = this.context
    const bytes = this.manifest.files.reduce((sum, entry) => sum + entry.bytes, 0)
    const { freeBytes } = await target.space(store.root)
    if (freeBytes >= bytes) return
    const [needed, free] = [bytes, freeBytes].map(count => `${(count / 1e6).toFixed(0)} MB`)
    throw new BackupRefused('no_room', `${store.root} needs ${needed} and has ${free}`)
  }

  private async place(entry: BackupEntry): Promise<void> {
    const { source, backup, target, store } = this.context
    const to = join(store.root, entry.path)
    if (await this.isInPlace(entry, to)) return
    const unfinished = temporary(to)
    await target.unlink(unfinished)
    const from = backup.pathOf(entry)
    const copied = await withFile(source, from, file => copyContent(target, asItLies(file, entry.bytes), unfinished))
    if (copied.sha256 !== entry.sha256) {
      this.damaged.push({ file: from, reason: 'the file does not have the hash that the manifest says' })
      if (this.context.strict) return target.unlink(unfinished)
    }
    await target.rename(unfinished, to)
    this.copied.files++
    this.copied.bytes += copied.bytes
  }

  /** An interrupted restore put it there. It gets its name again: that it has one says nothing of the directory's sync. */
  private async isInPlace(entry: BackupEntry, to: string): Promise<boolean> {
    const { target } = this.context
    if ((await sizeOf(target, to)) !== entry.bytes) return false
    const found = await withFile(target, to, file => hashContent(asItLies(file, entry.bytes)))
    if (found.sha256 !== entry.sha256) return false
    await target.rename(to, temporary(to))
    await target.rename(temporary(to), to)
    return true
  }

  private async syncAll(): Promise<void> {
    const { target, store } = this.context
    for (const directory of [store.segments, store.archive, store.root]) await target.syncDirectory(directory)
    await syncAncestors(target, store.root)
  }
}
