// Prints and parses every file name of a backup directory, which no other file does.
import { basename, dirname, join } from 'node:path'
import { parseName } from '../format/names.js'

export class BackupLayout {
  readonly files: string
  readonly manifest: string
  /** Marks the directory as one for backups. It is locked while a backup is made, so that there is one at a time. */
  readonly sign: string
  /** The copy in progress, of which there is only one. */
  readonly unfinished: string

  constructor(readonly root: string) {
    this.files = join(root, 'files')
    this.manifest = join(root, 'MANIFEST')
    this.sign = join(root, 'BACKUP')
    this.unfinished = join(this.files, 'copy.tmp')
  }

  pathOf(entry: { readonly path: string; readonly sha256: string }): string {
    return join(this.files, copyName(entry.path, entry.sha256))
  }
}

const HASH = '[0-9a-f]{64}'
const COPY = new RegExp(`^(?:(seg-[0-9]{16}-[0-9]{8})-(${HASH})\\.(log|zst)|(FLOOR|ACCEPTED|DAMAGE)-(${HASH}))$`)

/**
 * The name of a copy holds the hash of its content, so another content never takes its place. What a manifest names
 * therefore stays what it was for as long as that manifest counts.
 */
export function copyName(path: string, sha256: string): string {
  const name = basename(path)
  if (name.endsWith('.zst')) return name
  return name.endsWith('.log') ? `${name.slice(0, -'.log'.length)}-${sha256}.log` : `${name}-${sha256}`
}

export interface CopyName {
  /** The name of the file that was copied. */
  readonly name: string
  readonly sha256: string
}

/** undefined for a name that no backup gives, so that such a file is left alone. */
export function parseCopyName(copy: string): CopyName | undefined {
  const [whole, stem, segmentHash = '', ending, fact = '', factHash = ''] = COPY.exec(copy) ?? []
  if (whole === undefined) return undefined
  if (stem === undefined) return { name: fact, sha256: factHash }
  return { name: ending === 'zst' ? copy : `${stem}.log`, sha256: segmentHash }
}

/** True for the paths below a data directory that a backup holds. A restore never writes anything else. */
export function isCopiedPath(path: string): boolean {
  if (path === 'FLOOR' || path === 'ACCEPTED' || path === 'DAMAGE') return true
  const kind = parseName(basename(path))?.kind
  const folder = dirname(path)
  return (
    path === `${folder}/${basename(path)}` &&
    ((kind === 'segment' && folder === 'segments') || (kind === 'archive' && folder === 'archive'))
  )
}
