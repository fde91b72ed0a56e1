// docs/SECURITY.md against the roles: which role has which scope, for which streams, and within which limits.
import { readFileSync } from 'node:fs'
import { defaultQuotas } from '../config/figures.js'
import { ROLE_DEFAULTS, ROLES, SCOPES } from './access.js'

const page = readFileSync('docs/SECURITY.md', 'utf8')
const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim())

/** As the table says it. */
const WORDS: Readonly<Record<string, string>> = { all: 'all', own: 'own', '*': 'all', '$*': '`$…`' }

function said(patterns: readonly string[] = []): string {
  if (patterns.length === 0) return '–'
  const words = patterns.map(pattern => WORDS[pattern] ?? `\`${pattern}\``)
  return patterns.includes('$*') ? words.join(' and ') : words.join(', ')
}

test('the table of scopes says what each role may', () => {
  const lines = page.split('\n')
  const head = lines.findIndex(line => line.startsWith('| scope |'))
  expect(cellsOf(lines[head] as string)).toEqual(['scope', 'what it allows', ...ROLES])
  const rows = lines.slice(head + 2, head + 2 + SCOPES.length).map(cellsOf)
  expect(rows.map(([scope]) => scope)).toEqual(SCOPES.map(scope => `\`${scope}\``))
  for (const [at, scope] of SCOPES.entries()) {
    const [, allows, ...roles] = rows[at] as string[]
    expect(allows).not.toBe('')
    expect([scope, ...roles]).toEqual([scope, ...ROLES.map(role => said(ROLE_DEFAULTS[role][scope]))])
  }
})

test('the table of limits says how much each role may ask', () => {
  const lines = page.split('\n')
  const head = lines.indexOf('| role | requests | events | bytes | events in one append |')
  const rows = lines.slice(head + 2, head + 2 + ROLES.length).map(cellsOf)
  expect(rows).toEqual(
    ROLES.map(role => {
      const { requestsPerMinute, eventsPerMinute, bytesPerMinute, batch } = defaultQuotas[role]
      const figures = [requestsPerMinute, eventsPerMinute, bytesPerMinute, batch]
      return [role, ...figures.map(figure => figure.toLocaleString('en-US'))]
    }),
  )
})
