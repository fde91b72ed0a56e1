// Prints the result of verify for an operator in an emergency: the verdict, the places and the next step.
import { relative } from 'node:path'
import type { Finding, VerifyReport } from '../backends/embedded/engine/inspect/verify.js'
import { inShell } from './shell-quote.js'

const MOST_PRINTED = 50

export function printVerify(report: VerifyReport, directory: string): string {
  const { findings } = report
  const bad = findings.filter(isBad)
  const lines = [verdict(report, bad)]
  for (const finding of findings.slice(0, MOST_PRINTED)) lines.push(`  ${printFinding(finding, directory)}`)
  if (findings.length > MOST_PRINTED) lines.push(`  and ${findings.length - MOST_PRINTED} more; --json prints all`)
  lines.push(holdings(report), `chain ${report.chain}`)
  if (report.quarantine.length > 0)
    lines.push(`quarantine/ keeps ${amount(report.quarantine.length, 'file')} of evidence`)
  if (bad.length > 0) lines.push(nextStep(bad, directory))
  return lines.join('\n')
}

function isBad({ severity }: Finding): boolean {
  return severity === 'corrupt' || severity === 'index'
}

function verdict({ clean, findings }: VerifyReport, bad: readonly Finding[]): string {
  if (!clean) return `CORRUPT: ${amount(bad.length, 'finding')}`
  return findings.length === 0 ? 'clean' : `clean, with ${amount(findings.length, 'note')}`
}

function holdings({ segments, archives, events, bytes, first, head }: VerifyReport): string {
  const range = head < first ? 'no positions' : `positions ${first} to ${head}`
  const held = `${amount(segments, 'segment')} (${archives} archived), ${amount(events, 'event')}`
  return `${held}, ${range}, ${(bytes / 1e6).toFixed(1)} MB unpacked`
}

export function printFinding({ severity, file, offset, positions, reason }: Finding, directory: string): string {
  const at = offset === undefined ? '' : ` at byte ${offset}`
  return `${severity.padEnd(7)} ${nearby(file, directory)}${at}${printPositions(positions)}: ${reason}`
}

function printPositions(positions: Finding['positions']): string {
  if (positions === undefined) return ''
  const { from, to } = positions
  if (to === Number.MAX_SAFE_INTEGER) return `, from position ${from} on`
  return from === to ? `, position ${from}` : `, positions ${from} to ${to}`
}

function nextStep(bad: readonly Finding[], directory: string): string {
  const repair = `lighthouse repair ${inShell(directory)}`
  if (bad.every(({ severity }) => severity === 'index'))
    return `Next: no event is lost. Make the indexes anew: ${repair} --yes`
  return `Next: put the named files back if a backup has them: lighthouse restore --segment POSITION --from BACKUP --data ${inShell(directory)}\nIf none has, see what giving them up means: ${repair}`
}

export function nearby(file: string, directory: string): string {
  const path = relative(directory, file)
  return path === '' || path.startsWith('..') ? file : path
}

export function amount(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`
}
