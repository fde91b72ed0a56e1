// The command that makes a store of a backup, or puts one of its segments back into a store that is there.
import { basename } from 'node:path'
import { restoreSegment, restoreStore } from '../backends/embedded/backup-store.js'
import { requireStore } from '../backends/embedded/verify-store.js'
import { loadSome } from '../config/load-settings.js'
import { mustBeApart } from './assert-disjoint.js'
import type { Terminal } from './command.js'
import { cutOf } from './cut-of.js'
import { bytesBelow, overBytes } from './long-work/watched-disk.js'
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
  terminal: Terminal,
): Promise<boolean> {
  const { from, data, segment } = wish
  const operands = [firstOperand, secondOperand].filter(operand => operand !== undefined)
  const backup = from ?? operands.shift()
  const said = data ?? operands.shift()
  if (operands.length > 0) throw new Usage(`it takes one backup and one directory, and not also ${operands.join(' ')}`)
  if (backup === undefined || backup === '') throw new Usage('<backup> is missing')
  if (segment !== undefined)
    return putBack(backup, said ?? loadSome(['dataDir'], process.env).dataDir, segment, { wish, terminal })
  if (said === undefined || said === '') throw new Usage('<dir> is missing')
  return restoreAll(backup, said, wish, terminal)
}

async function restoreAll(
  backup: string,
  directory: string,
  { verify = false, to, json }: Wish,
  terminal: Terminal,
): Promise<boolean> {
  const cut = cutOf(to)
  await mustBeApart(backup, directory)
  // What was made is read once more where it is verified.
  const total = (await bytesBelow(backup)) * (verify ? 2 : 1)
  const report = await overBytes(terminal, { name: 'restore', total }, disk =>
    restoreStore(backup, directory, { verify, ...cut, disk }),
  )
  await terminal.out(json ? reportJson(report) : printRestore(report, backup, directory))
  return report.restored && report.damaged.length === 0 && report.verified?.clean !== false
}

async function putBack(
  backup: string,
  directory: string,
  segment: string,
  { wish: { verify = false, to, json }, terminal }: { readonly wish: Wish; readonly terminal: Terminal },
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
  await terminal.out(json ? reportJson(report) : printPutBack(report, directory))
  return true
}
