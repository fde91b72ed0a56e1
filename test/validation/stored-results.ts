// What a stored result of a bench, a load or an acceptance run says to a requirement that has a figure.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A figure that a command measures and stores. */
export interface Figure {
  /** Measures it anew. */
  readonly command: string
  /** How the names of its results begin, under bench/results: the newest of them that has the row counts. */
  readonly results: string
  /** What the row is called; without it the whole result has to have passed. One without a limit has to be there. */
  readonly row?: string
  /** Of the row, the figure of that name instead of the one it is about. */
  readonly detail?: string
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Row {
  readonly what: string
  readonly unit: string
  readonly store?: number
  readonly ratio?: number
  readonly met?: boolean
  readonly detail?: Readonly<Record<string, number>>
}

export interface StoredResult {
  readonly file: string
  readonly at: string
  readonly rows?: readonly Row[]
  /** Of a run that judges itself by other things than rows: whether everything in it held. */
  readonly holds?: boolean
}

export interface Shown {
  readonly how: 'passed' | 'failed' | 'not run'
  readonly text: string
}

/** The newest first. */
export function storedResults(root: string): StoredResult[] {
  const folder = join(root, 'bench', 'results')
  return readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .map((file): StoredResult => {
      const result = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      return { ...result, at: result.at ?? result.begun ?? '', file }
    })
    .sort((a, b) => (a.at < b.at ? 1 : -1))
}

export function shownBy(figure: Figure, stored: readonly StoredResult[]): Shown {
  const { command, row: what } = figure
  const isIt = ({ file, holds, rows = [] }: StoredResult) =>
    file.startsWith(figure.results) && (what === undefined ? judges(holds, rows) : rows.some(row => row.what === what))
  const result = stored.find(isIt)
  const subject = what === undefined ? '' : `: ${what}`
  if (result === undefined) return { how: 'not run', text: `\`${command}\`${subject}, not run yet` }
  const row = result.rows?.find(row => row.what === what)
  if (row === undefined) {
    const hasPassed = result.holds ?? (result.rows ?? []).every(({ met }) => met !== false)
    return { how: hasPassed ? 'passed' : 'failed', text: `\`${command}\` (\`${result.file}\`)` }
  }
  const value = figureOf(row, figure.detail) ?? Number.NaN
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = figure
  const limit =
    figure.atMost !== undefined ? `, ≤ ${figure.atMost}` : figure.atLeast !== undefined ? `, ≥ ${figure.atLeast}` : ''
  const measured = figure.detail === undefined ? `${short(value)} ${row.unit}` : `${figure.detail} ${short(value)}`
  const text = `\`${command}\`${subject} ${measured}${limit} (\`${result.file}\`)`
  return { how: value <= atMost && value >= atLeast ? 'passed' : 'failed', text }
}

/** A result that judges nothing shows nothing as a whole. */
function judges(holds: boolean | undefined, rows: readonly Row[]): boolean {
  return holds !== undefined || rows.some(({ met }) => met !== undefined)
}

function figureOf({ store, ratio, detail }: Row, name: string | undefined): number | undefined {
  if (name === undefined) return store
  return name === 'ratio' ? ratio : detail?.[name]
}

function short(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}
