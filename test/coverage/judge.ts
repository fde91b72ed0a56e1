// What was executed, folder by folder, and which folder has too little of it.
import type { FileShare, Share } from './measure.js'

/** Of a folder's statements, and of its branches. */
export const LEAST_PERCENT = 95

export interface FolderShare {
  readonly folder: string
  readonly files: number
  readonly statements: Share
  readonly branches: Share
}

export interface Outcome {
  readonly folders: readonly FolderShare[]
  /** Folders with less than there has to be. */
  readonly below: readonly string[]
}

export function judged(files: readonly FileShare[], folders: readonly string[]): Outcome {
  const shares = folders.map(folder => {
    const inside = files.filter(({ file }) => file.startsWith(`${folder}/`))
    const statements = sum(inside.map(one => one.statements))
    const branches = sum(inside.map(one => one.branches))
    return { folder, files: inside.length, statements, branches }
  })
  const isBelow = ({ statements, branches, files: count }: FolderShare) =>
    count === 0 || Math.min(percentOf(statements), percentOf(branches)) < LEAST_PERCENT
  return { folders: shares, below: shares.filter(isBelow).map(({ folder }) => folder) }
}

export function tableOf({ folders, below }: Outcome): string {
  const cell = (share: Share) => `${percentOf(share).toFixed(2)} % (${share.covered}/${share.of})`.padStart(24)
  const lines = folders.map(
    ({ folder, statements, branches }) =>
      `${folder.padEnd(20)}${cell(statements)}${cell(branches)}${below.includes(folder) ? '  too little' : ''}`,
  )
  return [`${''.padEnd(20)}${'statements'.padStart(24)}${'branches'.padStart(24)}`, ...lines, ''].join('\n')
}

/** Of nothing all is executed. */
function percentOf({ of, covered }: Share): number {
  return of === 0 ? 100 : (100 * covered) / of
}

function sum(shares: readonly Share[]): Share {
  return shares.reduce((all, one) => ({ of: all.of + one.of, covered: all.covered + one.covered }), {
    of: 0,
    covered: 0,
  })
}
