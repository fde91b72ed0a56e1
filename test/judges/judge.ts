// Holds what the server did with the cases of a judge from outside against what the judge expects, and says how many there were.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'

const scripts = new URL('../../scripts/judges.mjs', import.meta.url).href
const { findJudge } = (await import(scripts)) as { findJudge: (name: string) => string | undefined }

/** Where scripts/tools.mjs has put a judge. */
export function judgeAt(name: string): string | undefined {
  return findJudge(name)
}

/** What is appended to the name of a test whose judge is not here. */
export function unlessHere(...names: string[]): string {
  const missing = names.filter(name => judgeAt(name) === undefined)
  return missing.length === 0 ? '' : ` (skipped: ${missing.join(', ')} not here; npm run tools)`
}

export interface Judged {
  readonly name: string
  /** What the judge says must happen. */
  readonly expected: string
  /** What happened. */
  readonly got: string
}

export interface Outcome {
  readonly judge: string
  readonly cases: number
  readonly asExpected: number
  /** Cases whose outcome is another one on purpose. */
  readonly byDesign: number
}

/** Cases by name in which the server does something else, and why that is right. */
export type ByDesign = Readonly<Record<string, { readonly got: string; readonly because: string }>>

/** What is wrong, a line each; what is excused and does not happen is wrong too, or excuses would outlive their reason. */
export function faultsOf(judged: readonly Judged[], byDesign: ByDesign = {}): string[] {
  const faults: string[] = []
  const excused = new Set(Object.keys(byDesign))
  for (const { name, expected, got } of judged) {
    const excuse = excused.delete(name) ? byDesign[name]?.got : undefined
    if (excuse === expected) faults.push(`${name}: needs no excuse, for ${expected} is what is expected`)
    else if (got !== (excuse ?? expected)) faults.push(`${name}: ${got}, and not ${excuse ?? expected}`)
  }
  if (judged.length === 0) faults.push('there was no case')
  if (new Set(judged.map(({ name }) => name)).size < judged.length) faults.push('two cases have one name')
  return [...faults, ...[...excused].map(name => `${name}: is excused, and is no case`)]
}

function outcomeOf(judge: string, judged: readonly Judged[]): Outcome {
  const asExpected = judged.filter(({ expected, got }) => expected === got).length
  return { judge, cases: judged.length, asExpected, byDesign: judged.length - asExpected }
}

/** A judge that cannot fail proves nothing: the cases whose outcome could be another one and nobody would notice. */
function overlooked(judged: readonly Judged[], byDesign: ByDesign): string[] {
  return judged
    .filter((planted, nth) => faultsOf(judged.with(nth, { ...planted, got: 'planted' }), byDesign).length !== 1)
    .map(({ name }) => name)
}

const OUTCOMES = join(import.meta.dirname, 'outcomes')

/** Prints how it went, and holds it against the outcome that is stored; `LIGHTHOUSE_WRITE_GOLDEN=1` stores this one. */
export function hold(judge: string, judged: readonly Judged[], byDesign: ByDesign = {}): void {
  const { cases, asExpected } = outcomeOf(judge, judged)
  process.stdout.write(`${judge}: ${cases} cases, ${asExpected} as expected\n`)
  expect(faultsOf(judged, byDesign)).toEqual([])
  expect(overlooked(judged, byDesign)).toEqual([])
  const path = join(OUTCOMES, `${judge.toLowerCase().replaceAll(' ', '-')}.json`)
  if (process.env['LIGHTHOUSE_WRITE_GOLDEN'] === '1') {
    mkdirSync(OUTCOMES, { recursive: true })
    writeFileSync(path, `${JSON.stringify(outcomeOf(judge, judged))}\n`)
  }
  expect(outcomeOf(judge, judged)).toEqual(JSON.parse(readFileSync(path, 'utf8')))
}
