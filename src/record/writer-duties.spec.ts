// docs/adr/0026-threads.md against the list: what only the writer may do, and how it crosses.
import { readFileSync } from 'node:fs'
import { WRITER_DUTIES } from './writer-duties.js'

test('the page on threads says of each duty of the writer how it crosses, and at what cost', () => {
  const lines = readFileSync('docs/adr/0026-threads.md', 'utf8').split('\n')
  const head = lines.indexOf('| what is one | crosses | by | cost |')
  const rows = lines.slice(head + 2, lines.indexOf('', head)).map(line => line.split('|').slice(1, -1))
  const said = rows.map(cells => cells.map(cell => cell.trim()))
  expect(said.map(([duty, crosses]) => [duty, crosses])).toEqual(Object.entries(WRITER_DUTIES))
  for (const cells of said) expect(cells.filter(cell => cell !== '')).toHaveLength(4)
})
