// Prints what a backup copied or a restore brought back: the positions it holds, and what is damaged.
import type { RestoredReport } from '../backends/embedded/backup-store.js'
import type { BackupReport } from '../backends/embedded/engine/backup/backup.js'
import type { Manifest } from '../backends/embedded/engine/backup/backup-manifest.js'
import type { VerifyReport } from '../backends/embedded/engine/inspect/verify.js'
import { amount, nearby, printVerify } from './print-verify.js'
import { inShell } from './shell-quote.js'

export function printBackup(report: BackupReport, directory: string, backup: string): string {
  const { manifest, copied, kept, removed, damaged } = report
  const lines = [damaged.length === 0 ? 'complete' : `complete, with ${amount(damaged.length, 'damaged file')}`]
  for (const file of damaged) lines.push(`  ${nearby(file, directory)}: not what it was sealed as; copied as it is`)
  lines.push(`copied ${amount(copied.files, 'file')}, ${megabytes(copied.bytes)}; kept ${kept}, removed ${removed}`)
  lines.push(...holdings(manifest))
  if (damaged.length > 0) lines.push(`Next: see what is lost: lighthouse verify ${inShell(directory)} --live`)
  else lines.push(`To restore it: lighthouse restore ${inShell(backup)} <an empty directory> --verify`)
  return lines.join('\n')
}

export function printRestore(report: RestoredReport, backup: string, directory: string): string {
  const { manifest, lineage, restored, copied, damaged, verified } = report
  const lines = [restored ? 'restored' : 'NOT RESTORED']
  if (damaged.length > 0) lines.push(`CORRUPT: ${amount(damaged.length, 'file')} of the backup`)
  for (const { file, reason } of damaged) lines.push(`  ${nearby(file, backup)}: ${reason}`)
  lines.push(`copied ${amount(copied.files, 'file')}, ${megabytes(copied.bytes)}`, ...holdings(manifest))
  const [parent] = lineage.ancestors
  if (restored) lines.push(`lineage ${lineage.id}, forked from ${parent?.id} at position ${parent?.fork}`)
  if (verified !== undefined) lines.push(`verify: ${printVerify(withoutIndexNotes(verified), directory)}`)
  if (!restored) lines.push('Next: bring the named files back from another copy of the backup, and run it again.')
  else if (damaged.length > 0) lines.push(`Next: see what is lost: lighthouse verify ${inShell(directory)}`)
  return lines.join('\n')
}

export interface PutBackReport {
  readonly file: string
  readonly first: number
  readonly last: number
  /** False where the file in place was whole. */
  readonly copied: boolean
  readonly kept: string | null
}

export function printPutBack({ file, first, last, copied, kept }: PutBackReport, directory: string): string {
  const name = nearby(file, directory)
  const lines = [
    copied ? `put back ${name}: positions ${first} to ${last}` : `${name} is what was sealed; it was left as it is`,
  ]
  if (kept !== null) lines.push(`kept ${nearby(kept, directory)}`)
  lines.push(`Next: see whether more is damaged: lighthouse verify ${inShell(directory)}`)
  return lines.join('\n')
}

/** A backup holds no indexes and the first start makes them all, so a missing one is not worth a note. */
function withoutIndexNotes(report: VerifyReport): VerifyReport {
  const { findings } = report
  return {
    ...report,
    findings: findings.filter(({ severity, file }) => severity !== 'notice' || !file.endsWith('.idx')),
  }
}

function holdings({ store, first, head, taken }: Manifest): string[] {
  const range = head.position < first ? 'no positions' : `positions ${first} to ${head.position}`
  return [`store ${store}, ${range}, taken ${taken}`, `chain ${head.chain}`]
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
