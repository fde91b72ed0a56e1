// Checks the definition that a caller sends for a group: its name, filter, consumers and size. Pure.
import { ROLES } from '../auth/access.js'
import { agentFault } from '../contract/check/check-names.js'
import { checkFilter } from '../contract/check/check-read.js'
import { FieldFindings } from '../contract/check/field-findings.js'
import { invalid } from '../contract/errors.js'
import type { Consumers, Definition } from './state/group-definition.js'
import { GROUP_LIMITS, NAME_PATTERN } from './state/group-limits.js'

export function checkAsked(name: string, filter: Definition['filter'], consumers: Consumers | undefined): void {
  if (!NAME_PATTERN.test(name)) {
    const detail = `the name in the path must be 1 to ${GROUP_LIMITS.nameChars} of A-Z a-z 0-9 _ . - and start with a letter or digit`
    throw invalid('', detail)
  }
  const findings = new FieldFindings()
  checkFilter(filter, '/filter', findings)
  for (const [at, agent] of (consumers?.agents ?? []).entries()) {
    const fault = agentFault(agent)
    if (fault !== undefined) findings.add('INVALID_REQUEST', `/consumers/agents/${at}`, fault)
  }
  const roles: readonly string[] = ROLES
  for (const [at, role] of (consumers?.roles ?? []).entries()) {
    const fault = `must be one of ${ROLES.join(', ')}`
    if (!roles.includes(role)) findings.add('INVALID_REQUEST', `/consumers/roles/${at}`, fault)
  }
  findings.settle()
}

/** Applied only before a definition is written, so that one that is stored already stays valid. */
export function checkSize(asked: object): void {
  const bytes = Buffer.byteLength(JSON.stringify(asked))
  const most = GROUP_LIMITS.definitionBytes
  if (bytes <= most) return
  const format = (count: number) => count.toLocaleString('en-US')
  throw invalid('', `the definition is ${format(bytes)} bytes of JSON, and may be ${format(most)}`)
}
