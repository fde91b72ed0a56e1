// Prints what a repair would do or has done and what it costs, so that an operator can decide before confirming it.
import type { RepairStep } from '../backends/embedded/engine/inspect/repair.js'
import type { RepairReport } from '../backends/embedded/verify-store.js'
import { amount, nearby } from './print-verify.js'
import { inShell } from './shell-quote.js'

export function printRepair(report: RepairReport, directory: string): string {
  const { applied, steps, refused, lost, before } = report
  if (refused.length > 0) return printRefusal(refused)
  if (steps.length === 0) return before.clean ? 'nothing to repair' : printBeyond(directory)
  const done = steps.map(step => `  ${printStep(step, directory)}`)
  if (applied) {
    const cost = lost === 0 ? 'no position was lost' : `${amount(lost, 'position')} given up for good`
    return ['Done:', ...done, `Repaired; ${cost}.`, 'Next: start the server.'].join('\n')
  }
  const cost = lost === 0 ? 'No position would be lost.' : `${amount(lost, 'position')} would be lost for good.`
  const next = `Next: copy the directory first, then: lighthouse repair ${inShell(directory)} --yes`
  return ['Nothing has been changed. A repair would:', ...done, cost, next].join('\n')
}

function printRefusal(refused: readonly string[]): string {
  const lines = refused.map(reason => `  ${reason}`)
  const next = 'Next: restore a backup. Until then the store can be read as it is.'
  return ['This cannot be repaired, and nothing has been changed:', ...lines, next].join('\n')
}

/** For an archive whose file is damaged although each of its events is whole: a repair has nothing to give up. */
function printBeyond(directory: string): string {
  const next = `Next: restore the files that are named by: lighthouse verify ${inShell(directory)}`
  return `There is damage, but no event is lost by it and nothing keeps the store from being used.\n${next}`
}

function printStep(step: RepairStep, directory: string): string {
  if (step.do === 'accept') {
    const { from, to, where, reason } = step.damage
    const range = to < from ? 'no position' : from === to ? `position ${from}` : `positions ${from} to ${to}`
    return `give up ${range}: ${reason} (${nearby(where, directory)})`
  }
  const file = nearby(step.file, directory)
  if (step.do === 'keep evidence') return `copy bytes ${step.from} to ${step.to} of ${file} to quarantine/`
  if (step.do === 'forget') return `remove ${file}, which tells of what a running store had found`
  return step.do === 'write anew' ? `write ${file} anew` : `make the index of ${file} anew`
}
