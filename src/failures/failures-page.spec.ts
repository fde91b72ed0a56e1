// docs/FAILURES.md says what the code does, and the tests that it names are there.
import { readFileSync } from 'node:fs'
import { ERRORS, type ErrorCode } from '../contract/errors.js'
import { CAUSES, type Cause } from '../signals/signals.js'
import { SERVER_EXIT } from './exit-codes.js'
import { type Recovery, recoveryOfCause, recoveryOfCode } from './recovery-action.js'

const page = readFileSync('docs/FAILURES.md', 'utf8')

/** The cells of every row, by the first of them. */
const rows = new Map(
  [...page.matchAll(/^\| (.+) \|$/gm)].map(([, row]) => {
    const [name, ...cells] = (row as string).split(' | ')
    return [(name as string).replaceAll('`', ''), cells]
  }),
)

function cellsOf({ failure, action, exitCode, alert, runbook }: Recovery): string[] {
  const coded = (text: string | undefined) => (text === undefined ? '–' : `\`${text}\``)
  return [failure, exitCode === undefined ? action : `${action} ${exitCode}`, coded(alert), coded(runbook)]
}

test.each(Object.keys(ERRORS) as ErrorCode[])('the page says what is done about %s', code => {
  expect(rows.get(code)?.slice(0, 4)).toEqual(cellsOf(recoveryOfCode(code)))
})

test.each(Object.keys(CAUSES) as Cause[])('the page says what is done about %s', cause => {
  expect(rows.get(cause)?.slice(0, 4)).toEqual(cellsOf(recoveryOfCause(cause)))
})

test('every exit code is on the page, and no other', () => {
  const listed = [...rows.keys()].filter(name => /^\d+$/.test(name)).map(Number)
  expect(listed).toEqual(Object.values(SERVER_EXIT))
})

test('every test that the page names is there', () => {
  const named = [...rows.values()].flatMap(cells => /^`(\S+)` › (.+)$/.exec(cells.at(-1) ?? '') ?? [])
  expect(named.length).toBeGreaterThan(150)
  for (let at = 0; at < named.length; at += 3) {
    const [, path, title] = named.slice(at, at + 3) as [string, string, string]
    expect([path, title, readFileSync(path, 'utf8').includes(title)]).toEqual([path, title, true])
  }
})
