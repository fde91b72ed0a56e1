// Each figure of docs/PERFORMANCE.md is that of a run which is stored in bench/results and named in its section, and so are ✓ and ✗.
import { readFileSync } from 'node:fs'
import { LINES, type Line, noted } from './performance-lines.js'
import { PROSE } from './performance-prose.js'
import { figuresIn, type StoredRow, storedRun, tells, valuesOf, wrongMark } from './stored-figures.js'

const page = readFileSync('docs/PERFORMANCE.md', 'utf8')
const ALL = [...LINES, ...PROSE]

/** Columns that name what was measured, or what is asked of it. */
const NOT_MEASURED = new Set(['what', 'target', 'layer', ''])

interface PageLine {
  readonly text: string
  readonly section: string
  /** What of it was measured: the cells of a row, or a whole paragraph. */
  readonly measured: string
}

function linesOfPage(): PageLine[] {
  const found: PageLine[] = []
  for (const part of page.split(/^(?=## )/m).slice(1)) {
    let columns: readonly string[] = []
    for (const text of part.split('\n').filter(one => one !== '')) {
      const cells = text.startsWith('|') ? text.split('|').slice(1, -1) : undefined
      if (cells === undefined) columns = []
      else if (columns.length === 0) {
        columns = cells.map(cell => cell.trim())
        continue
      }
      const measured = cells?.filter((_, at) => !NOT_MEASURED.has(columns[at] ?? '')).map(withoutWords) ?? [text]
      found.push({ text, section: part, measured: measured.join(' | ') })
    }
  }
  return found
}

/** The description of a floor may hold numbers of its own. */
function withoutWords(cell: string): string {
  return cell.replace(/, (bare|the same|single|Fastify|copying|from|without) .*$/, ' ').replaceAll(/\bof 10[⁴-⁷]/g, ' ')
}

/** Only a figure with a unit is one that somebody measured. */
const UNIT = /\d ?(?:ms|µs|s|MB|KB|KiB|GB|%|× |\/s)(?![\w])/

function rowsOf({ file, rows }: Line): StoredRow[] {
  const stored = storedRun(file).rows
  return rows.map(name => {
    const row = stored.find(({ group, what }) => name === what || name === `${group}|${what}`)
    if (row === undefined) throw new Error(`${file} has no row ${name}`)
    return row
  })
}

test.each(ALL.map(one => [one.begins, one] as const))('%s', (begins, told) => {
  const found = linesOfPage().filter(({ text }) => text.startsWith(begins))
  expect(found).toHaveLength(1)
  const [{ text, section, measured }] = found as [PageLine]
  expect(section).toContain(told.file)
  const rows = rowsOf(told)
  const row = (name: string) => rowsOf({ ...told, rows: [name] })[0] as StoredRow
  const value = (name: string) => row(name).store
  const detail = (name: string, of: string) => row(name).detail?.[of] ?? Number.NaN
  const floor = (name: string) => row(name).floor ?? Number.NaN
  const values = [
    ...rows.flatMap(valuesOf),
    ...(told.follows?.(value, floor, detail) ?? []),
    ...noted(storedRun(told.file)),
  ]
  const given = new Set(told.given ?? [])
  const untold = figuresIn(measured).filter(figure => !given.has(figure.text) && !tells(figure, values))
  expect(untold.map(figure => figure.text)).toEqual([])
  const judged = told.met === undefined ? rows.flatMap(({ met }) => (met === undefined ? [] : [met])) : [told.met()]
  // A paragraph need not repeat the marks of its table.
  if (text.startsWith('|') || /[✓✗]/.test(text)) expect(wrongMark(text, judged)).toBeUndefined()
})

test('no line tells a figure of which nothing is stored', () => {
  const known = ALL.map(({ begins }) => begins)
  const unknown = linesOfPage().filter(
    ({ text, measured }) =>
      (text.startsWith('|') ? figuresIn(measured).length > 0 && !/^\|[ -|]+$/.test(text) : UNIT.test(text)) &&
      !known.some(begins => text.startsWith(begins)),
  )
  expect(unknown.map(({ text }) => text.slice(0, 90))).toEqual([])
})

test('a figure holds within what is printed of it, and no further', () => {
  const holds = (text: string, ...values: readonly number[]) => figuresIn(text).every(one => tells(one, values))
  expect(holds('43,800/s', 43_845)).toBe(true)
  expect(holds('43,800/s', 43_851)).toBe(false)
  expect(holds('0.73 s', 728.5)).toBe(true)
  expect(holds('0.73 s', 724)).toBe(false)
  expect(holds('4.4 M/s', 4_386_200)).toBe(true)
  expect(holds('75 ms', 74.476)).toBe(false)
  expect(holds('p99 at 10⁵ of `x 7`', 1)).toBe(true)
})

test('a mark says what the stored rows say', () => {
  expect(wrongMark('| ✓ |', [true])).toBeUndefined()
  expect(wrongMark('| ✓ / ✗ |', [true, false])).toBeUndefined()
  expect(wrongMark('| ✓ |', [true, false])).toBe('hides a target that was missed')
  expect(wrongMark('| ✗ |', [true])).toBe('tells of a miss that is not stored')
  expect(wrongMark('| – |', [true])).toBe('hides a target that was met')
  expect(wrongMark('| ✓ |', [])).toBe('is marked, and no stored row has a target')
})
