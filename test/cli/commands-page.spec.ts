// The page of the command line says what the program does: its commands, its exit codes, and the options it speaks of.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { TABLE } from '../../src/cli/commands.js'
import { EXIT } from '../../src/cli/exit.js'

const file = resolve('docs/COMMANDS.md')
const HEAD = '| command | what it does |\n| --- | --- |\n'

/** The rows of the table with this head. */
function tableIn(page: string, head: string): string {
  const from = page.indexOf(head) + head.length
  return page.slice(from, page.indexOf('\n\n', from - 1) + 1)
}

test('its table has every command, as the help has it; LIGHTHOUSE_WRITE_GOLDEN=1 writes it', () => {
  const rows = Object.entries(TABLE.commands).map(([name, { summary }]) => `| \`lighthouse ${name}\` | ${summary} |\n`)
  const page = readFileSync(file, 'utf8')
  if (process.env['LIGHTHOUSE_WRITE_GOLDEN'] === '1')
    writeFileSync(file, page.replace(HEAD + tableIn(page, HEAD), HEAD + rows.join('')))
  expect(tableIn(readFileSync(file, 'utf8'), HEAD)).toBe(rows.join(''))
})

test('its exit codes are those of the program', () => {
  const table = tableIn(readFileSync(file, 'utf8'), '| code | name | what it means |\n| --- | --- | --- |\n')
  const codes = [...table.matchAll(/^\| (\d+) \| (\w+) \|/gm)].map(([, code, name]) => [name, Number(code)])
  expect(Object.fromEntries(codes)).toEqual(EXIT)
})
