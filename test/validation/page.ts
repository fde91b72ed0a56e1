// Makes docs/VALIDATION.md of the requirements, what shows each of them, and how that went when it was run last.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Figure, type Shown, type StoredResult, shownBy, storedResults } from './stored-results.js'

export const root = resolve(import.meta.dirname, '..', '..')

export interface Requirement {
  /** The document and the line of it. */
  readonly id: string
  readonly section: string
  readonly requirement: string
  /** What shows it: files of tests, or one title in a file, behind ` › `. */
  readonly tests: readonly string[]
  /** What is measured by a command of its own, and stored. */
  readonly figures?: readonly Figure[]
  /** Of one that is not built, the reason; of one that is built otherwise, how. */
  readonly note?: string
  /** Built in another way than the words of the requirement, for the reason in the note. */
  readonly departs?: boolean
}

export interface Outcomes {
  readonly at: string
  readonly commit: string
  /** By file, each title with how it went. */
  readonly files: Readonly<Record<string, Readonly<Record<string, 'passed' | 'failed' | 'skipped'>>>>
}

/** `missed`, `not run yet`: of what a command measures; the others of tests. */
export type Verdict = 'shown' | 'failed' | 'skipped' | 'not run' | 'not built' | 'missed' | 'not run yet'

const read = (name: string) => JSON.parse(readFileSync(join(root, 'test', 'validation', name), 'utf8'))
export const requirements: readonly Requirement[] = read('requirements.json')
export const outcomes = (): Outcomes => read('outcomes.json')

export const fileOf = (shown: string): string => shown.split(' › ')[0] as string
export const titleOf = (shown: string): string | undefined => shown.split(' › ')[1]

/** Every test that is named has to have passed, every figure has to be met, and a skipped test shows nothing. */
export function verdictOf(one: Requirement, run: Outcomes, stored: readonly StoredResult[] = []): Verdict {
  const figures = (one.figures ?? []).map(figure => shownBy(figure, stored).how)
  if (one.tests.length + figures.length === 0) return 'not built'
  const ofTests = one.tests.length === 0 ? 'shown' : verdictOfTests(one, run)
  if (ofTests !== 'shown') return ofTests
  if (figures.includes('failed')) return 'missed'
  return figures.includes('not run') ? 'not run yet' : 'shown'
}

export function verdictOfTests(
  { tests }: Requirement,
  { files }: Outcomes,
): Exclude<Verdict, 'missed' | 'not run yet'> {
  const ran = tests.map(shown => {
    const file = files[fileOf(shown)] ?? {}
    const title = titleOf(shown)
    return Object.entries(file)
      .filter(([name]) => title === undefined || name.includes(title))
      .map(([, how]) => how)
  })
  if (ran.some(hows => hows.includes('failed'))) return 'failed'
  if (ran.some(hows => hows.length === 0)) return 'not run'
  return ran.every(hows => hows.includes('passed')) ? 'shown' : 'skipped'
}

const SIGNS: Readonly<Record<Verdict, string>> = {
  shown: '✓',
  failed: '✗ failed',
  skipped: '✗ skipped',
  'not run': '✗ not run',
  'not built': '✗',
  missed: '✗ missed',
  'not run yet': '○ not run yet',
}

const inTable = (text: string) => text.replaceAll('|', '\\|')

export function page(
  all: readonly Requirement[],
  run: Outcomes,
  stored: readonly StoredResult[] = storedResults(root),
): string {
  const count = (verdict: Verdict) => all.filter(one => verdictOf(one, run, stored) === verdict).length
  const counts = `Of ${all.length} requirements ${count('shown')} are shown by tests that passed and by stored results, ${count('not built')} are not built or not shown and say why, of ${count('missed')} a stored result misses the figure, ${count('not run yet')} wait for a run of their command, and ${count('failed') + count('skipped') + count('not run')} failed, were skipped or did not run.`
  const lines = [
    '# Validation',
    '',
    'Each requirement of the operations documents, with the tests that show it. Made by `npm run validation` of `test/validation/requirements.json` and of the outcome of the tests that it runs; a test compares this page with both.',
    '',
    `Run at commit \`${run.commit}\`, ${run.at}. ${counts}`,
    '',
    'A file is run by `npm test -- FILE`, one that ends in `.trial.ts` by `npm run test:tools -- FILE`; results of other commands lie under `bench/results`.',
    '',
    '✓: every test named passed and every figure is met. ✗: not, and the note says why. ○: the command has not been run to its end here. *Otherwise*: built in another way than the words say.',
  ]
  for (const section of new Set(all.map(({ section }) => section))) {
    lines.push('', `## ${section}`, '', '| id | requirement | | shown by |', '| --- | --- | --- | --- |')
    for (const one of all.filter(each => each.section === section)) {
      const figures: readonly Shown[] = (one.figures ?? []).map(figure => shownBy(figure, stored))
      const shown = [...one.tests.map(test => `\`${test}\``), ...figures.map(({ text }) => text)].join(', ')
      const note = one.note === undefined ? '' : `${one.departs ? '*Otherwise:* ' : ''}${one.note}`
      const told = [shown, note].filter(text => text !== '').join('. ')
      lines.push(
        `| ${one.id} | ${inTable(one.requirement)} | ${SIGNS[verdictOf(one, run, stored)]} | ${inTable(told)} |`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}
