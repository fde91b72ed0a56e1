// The command that makes a store of a backup, or puts one of its segments back into a store that is there.
import { basename } from 'node:path'
import { restoreSegment, restoreStore } from '../backends/embedded/backup-store.js'
import { requireStore } from '../backends/embedded/verify-store.js'
import { loadSome } from '../config/load-settings.js'
import { mustBeApart } from './assert-disjoint.js'
import { cutOf } from './cut-of.js'
import { printPutBack, printRestore } from './print-backup.js'
import { reportJson } from './report-json.js'
import { Usage } from './usage-error.js'

interface Wish {
  readonly to?: string
  readonly verify?: boolean
  readonly segment?: string
  readonly from?: string
  readonly data?: string
  readonly json?: boolean
}

/** Returns true when all is there and sound. */
export async function restoreFrom(
  [firstOperand, secondOperand]: readonly (string | undefined)[],
  wish: Wish,
  out: (text: string) => unknown,
): Promise<boolean> {
  const { from, data, segment } = wish
  const operands = [firstOperand, secondOperand].filter(operand => operand !== undefined)
  const backup = from ?? operands.shift()
  const said = data ?? operands.shift()
  if (operands.length > 0) throw new Usage(`it takes one backup and one directory, and not also ${operands.join(' ')}`)
  if (backup === undefined || backup === '') throw new Usage('<backup> is missing')
  if (segment !== undefined)
    return putBack(backup, said ?? loadSome(['dataDir'], process.env).dataDir, segment, wish, out)
  if (said === undefined || said === '') throw new Usage('<dir> is missing')
  return restoreAll(backup, said, wish, out)
}

async function restoreAll(
  backup: string,
  directory: string,
  { verify = false, to, json }: Wish,
  out: (text: string) => unknown,
): Promise<boolean> {
  const cut = cutOf(to)
  await mustBeApart(backup, directory)
  const report = await restoreStore(backup, directory, { verify, ...cut })
  await out(json ? reportJson(report) : printRestore(report, backup, directory))
  return report.restored && report.damaged.length === 0 && report.verified?.clean !== false
}

async function putBack(
  backup: string,
  directory: string,
  segment: string,
  { verify = false, to, json }: Wish,
  out: (text: string) => unknown,
): Promise<boolean> {
  if (to !== undefined) throw new Usage('--segment puts one segment back as it was, so --to cannot cut it')
  if (!/^[1-9]\d{0,14}$/.test(segment)) throw new Usage('--segment takes a position')
  if (verify) throw new Usage('--segment proves what it puts back in any case, so --verify says nothing more')
  await requireStore(directory)
  await mustBeApart(backup, directory)
  const { segment: proven, kept, copied } = await restoreSegment(backup, directory, Number(segment))
  const { firstPosition: first, lastPosition: last } = proven.footer
  const report = {
    segment: basename(proven.path),
    file: proven.path,
    first,
    last,
    copied,
    kept: kept ?? null,
  }
  await out(json ? reportJson(report) : printPutBack(report, directory))
  return true
}
