// Prints and parses every file name of a data directory, which no other file does.
import { join } from 'node:path'

export class Layout {
  readonly segments: string
  readonly archive: string
  readonly quarantine: string
  /** Holds states of the server. They are derived from the log, and the engine does not touch them. */
  readonly snapshots: string
  readonly lock: string
  readonly reserve: string
  readonly floor: string
  readonly accepted: string
  readonly damage: string
  readonly current: string
  readonly lineage: string
  readonly importing: string
  /** A development server keeps it here; the engine only knows the name. No backup holds it. */
  readonly developmentSecret: string
  /** Written and removed again by a start that tries the disk out. */
  readonly trial: string
  /** Of the server, as the secret is: heap snapshots, which no backup may hold. */
  readonly heap: string
  /** The server notes here when it ended for which cause. No backup holds it. */
  readonly exits: string

  constructor(readonly root: string) {
    this.segments = join(root, 'segments')
    this.archive = join(root, 'archive')
    this.quarantine = join(root, 'quarantine')
    this.snapshots = join(root, 'snapshots')
    this.lock = join(root, 'LOCK')
    this.reserve = join(root, 'RESERVE')
    this.floor = join(root, 'FLOOR')
    this.accepted = join(root, 'ACCEPTED')
    this.damage = join(root, 'DAMAGE')
    this.current = join(root, 'CURRENT')
    this.lineage = join(root, 'LINEAGE')
    this.importing = join(root, 'IMPORTING')
    this.developmentSecret = join(root, '.lighthouse-development-secret')
    this.trial = join(root, 'TRIAL.tmp')
    this.heap = join(root, '.heap')
    this.exits = join(root, 'EXITS')
  }
}

export type FileName =
  | { readonly kind: 'segment'; readonly firstPosition: number; readonly epoch: number }
  | { readonly kind: 'index'; readonly firstPosition: number; readonly epoch: number }
  | { readonly kind: 'archive'; readonly firstPosition: number; readonly epoch: number; readonly sha256: string }
  | { readonly kind: 'temporary' }

const POSITION_DIGITS = 16
const EPOCH_DIGITS = 8
const STEM = `seg-([0-9]{${POSITION_DIGITS}})-([0-9]{${EPOCH_DIGITS}})`
const SEGMENT = new RegExp(`^${STEM}\\.log$`)
const INDEX = new RegExp(`^${STEM}\\.idx$`)
const ARCHIVE = new RegExp(`^${STEM}-([0-9a-f]{64})\\.zst$`)
const TEMPORARY = new RegExp(
  `^(${STEM}(\\.log|\\.idx|\\.zst)|FLOOR|ACCEPTED|DAMAGE|CURRENT|LINEAGE|RESERVE|IMPORTING|TRIAL)\\.tmp$`,
)

function stem(firstPosition: number, epoch: number): string {
  return `seg-${String(firstPosition).padStart(POSITION_DIGITS, '0')}-${String(epoch).padStart(EPOCH_DIGITS, '0')}`
}

export function segmentName(firstPosition: number, epoch: number): string {
  return `${stem(firstPosition, epoch)}.log`
}

export function indexName(firstPosition: number, epoch: number): string {
  return `${stem(firstPosition, epoch)}.idx`
}

/** The name holds the archive's own hash, so that renaming the archive into place records the hash durably. */
export function archiveName(firstPosition: number, epoch: number, sha256: string): string {
  return `${stem(firstPosition, epoch)}-${sha256}.zst`
}

export function archiveTemporaryName(firstPosition: number, epoch: number): string {
  return temporary(`${stem(firstPosition, epoch)}.zst`)
}

export function temporary(name: string): string {
  return `${name}.tmp`
}

/** undefined for a name that this store never gives, so that such a file is left alone. */
export function parseName(name: string): FileName | undefined {
  if (TEMPORARY.test(name)) return { kind: 'temporary' }
  const segment = SEGMENT.exec(name)
  if (segment !== null) return { kind: 'segment', firstPosition: Number(segment[1]), epoch: Number(segment[2]) }
  const index = INDEX.exec(name)
  if (index !== null) return { kind: 'index', firstPosition: Number(index[1]), epoch: Number(index[2]) }
  const archive = ARCHIVE.exec(name)
  if (archive === null) return undefined
  return { kind: 'archive', firstPosition: Number(archive[1]), epoch: Number(archive[2]), sha256: archive[3] as string }
}
