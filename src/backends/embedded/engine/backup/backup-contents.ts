// The copies in a backup directory: adds them, knows which count, and removes those that the manifest does not name.
import { join } from 'node:path'
import type { Disk } from '../disk/disk.js'
import { type BackupEntry, type Manifest, writeManifest } from './backup-manifest.js'
import { type BackupLayout, copyName, parseCopyName } from './backup-names.js'
import { BackupRefused } from './backup-refused.js'
import { type Content, type Copied, copyContent, sizeOf } from './copy-content.js'

/** This much is left free, because the volume may be the one that the server writes to. */
const SPARE_BYTES = 64 * 1024 * 1024

export class BackupContents {
  private readonly added = new Set<string>()
  private readonly counted: ReadonlyMap<string, BackupEntry>

  private constructor(
    private readonly disk: Disk,
    private readonly layout: BackupLayout,
    private readonly before: Manifest | undefined,
    private readonly names: Set<string>,
  ) {
    this.counted = new Map(before?.files.map(entry => [entry.path, entry]))
  }

  static async open(disk: Disk, layout: BackupLayout, before: Manifest | undefined): Promise<BackupContents> {
    await disk.unlink(layout.unfinished)
    const names = new Set(await disk.list(layout.files))
    // A copy that was cut off or removed is made again. Changed bytes are not noticed, because that takes reading all.
    for (const entry of before?.files ?? []) {
      if ((await sizeOf(disk, layout.pathOf(entry))) !== entry.bytes) names.delete(copyName(entry.path, entry.sha256))
    }
    return new BackupContents(disk, layout, before, names)
  }

  /** What the last complete backup has of this file, if its copy is still there. */
  counts(path: string): BackupEntry | undefined {
    const entry = this.counted.get(path)
    return entry !== undefined && this.names.has(copyName(path, entry.sha256)) ? entry : undefined
  }

  /** Copies of this file that an interrupted backup left. They are whole, because each got its name after its sync. */
  leftovers(name: string): { readonly file: string; readonly sha256: string }[] {
    return [...this.names].flatMap(copy => {
      const parsed = parseCopyName(copy)
      return parsed?.name === name ? [{ file: join(this.layout.files, copy), sha256: parsed.sha256 }] : []
    })
  }

  /** Renames the copy away and back, because the sync of the directory may have failed when it got its name. */
  async adopt(path: string, sha256: string): Promise<void> {
    const file = this.layout.pathOf({ path, sha256 })
    await this.disk.rename(file, this.layout.unfinished)
    await this.disk.rename(this.layout.unfinished, file)
  }

  async requireRoom(bytes: number): Promise<void> {
    const { freeBytes } = await this.disk.space(this.layout.files)
    if (freeBytes >= bytes + SPARE_BYTES) return
    const [needed, free] = [bytes + SPARE_BYTES, freeBytes].map(count => `${(count / 1e6).toFixed(0)} MB`)
    throw new BackupRefused('no_room', `${this.layout.root} needs ${needed} more for this backup and has ${free}`)
  }

  async add(path: string, content: Content, sealedEnd = 0): Promise<Copied> {
    const { disk, layout } = this
    await disk.unlink(layout.unfinished)
    const copied = await copyContent(disk, content, layout.unfinished, sealedEnd)
    const name = copyName(path, copied.sha256)
    if (this.counts(path)?.sha256 === copied.sha256) await disk.unlink(layout.unfinished)
    else {
      await disk.rename(layout.unfinished, join(layout.files, name))
      this.names.add(name)
      this.added.add(name)
    }
    return copied
  }

  isNew({ path, sha256 }: BackupEntry): boolean {
    return this.added.has(copyName(path, sha256))
  }

  /** The new backup counts from here on, because this replaces the manifest. Returns how many copies were removed. */
  async complete(manifest: Manifest): Promise<number> {
    const { disk, layout } = this
    await disk.syncDirectory(layout.files)
    await writeManifest(disk, layout, manifest)
    const named = new Set(manifest.files.map(({ path, sha256 }) => copyName(path, sha256)))
    const gone = (await disk.list(layout.files)).filter(name => parseCopyName(name) !== undefined && !named.has(name))
    for (const name of gone) await disk.unlink(join(layout.files, name))
    if (gone.length > 0) await disk.syncDirectory(layout.files)
    return gone.length
  }

  /** The manifest of the last complete backup. */
  get manifest(): Manifest | undefined {
    return this.before
  }
}
