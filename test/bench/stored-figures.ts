// Holds a line of a page against the rows of stored runs that it tells: each figure within its printed rounding, and the marks.
import { readFileSync } from 'node:fs'

export interface StoredRow {
  readonly group: string
  readonly what: string
  readonly store: number
  readonly floor?: number
  readonly ratio?: number
  readonly spread?: readonly number[]
  readonly detail?: Readonly<Record<string, number>>
  readonly met?: boolean
}

export interface StoredRun {
  readonly rows: readonly StoredRow[]
  readonly notes?: readonly string[]
}

/** A figure as it is printed: its value, and by how much what it was made of may differ. */
export interface Printed {
  readonly text: string
  readonly value: number
  readonly within: number
}

export function storedRun(file: string): StoredRun {
  return JSON.parse(readFileSync(`bench/results/${file}`, 'utf8')) as StoredRun
}

const FIGURE = /[-−+]?\d[\d,]*(?:\.\d+)?(?: M\/s| million)?/g

/** Of every figure in a text. Powers of ten, names such as p99 and what stands in code are none. */
export function figuresIn(text: string): Printed[] {
  const bare = text
    .replaceAll(/`[^`]*`/g, ' ')
    .replaceAll(/\]\([^)]*\)/g, ' ')
    .replaceAll(/\b10[⁰¹²³⁴-⁹]+/g, ' ')
    .replaceAll(/\b(?:V8|p\d+(?:\.\d+)?)\b/g, ' ')
    .replaceAll(/(\d)[–](\d)/g, '$1 $2')
  return [...bare.matchAll(FIGURE)].map(([figure]) => printed(figure.replace(/,$/, '')))
}

/** A whole number is rounded to its trailing zeros, but not to fewer than two digits. */
function printed(text: string): Printed {
  const times = / M\/s| million/.test(text) ? 1e6 : 1
  const digits = text.replaceAll(/[^\d.]/g, '')
  const sign = /^[-−]/.test(text) ? -1 : 1
  const decimals = digits.split('.')[1]?.length
  const zeros = /0*$/.exec(digits)?.[0].length ?? 0
  const step = decimals === undefined ? 10 ** Math.max(0, Math.min(zeros, digits.length - 2)) : 10 ** -decimals
  return { text, value: sign * Number(digits) * times, within: (step * times) / 2 }
}

/** Whether some of the values, in its own unit, a thousand times smaller or greater, is rounded to the figure. */
export function tells({ value, within }: Printed, values: readonly number[]): boolean {
  const exact = within * (1 + 1e-9)
  return values.some(stored =>
    [1, 1e-3, 1e3].some(scale => Math.abs(Math.abs(stored * scale) - Math.abs(value)) <= exact),
  )
}

export function valuesOf(row: StoredRow): number[] {
  const { store, floor, ratio, spread = [], detail = {} } = row
  return [store, floor, ratio, ...spread, ...Object.values(detail)].filter(value => value !== undefined)
}

/** What is wrong with the marks of a line: ✗ stands where some row missed its target, ✓ where all met it. */
export function wrongMark(line: string, judged: readonly boolean[]): string | undefined {
  if (judged.length === 0) return /[✓✗]/.test(line) ? 'is marked, and no stored row has a target' : undefined
  if (judged.includes(false)) return line.includes('✗') ? undefined : 'hides a target that was missed'
  if (line.includes('✗')) return 'tells of a miss that is not stored'
  return line.includes('✓') ? undefined : 'hides a target that was met'
}
