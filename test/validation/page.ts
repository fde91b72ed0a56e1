// Makes docs/VALIDATION.md of the requirements, what shows each of them, and how that went when it was run last.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..', '..')

export interface Requirement {
  /** The document and the line of it. */
  readonly id: string
  readonly section: string
  readonly requirement: string
  /** What shows it: files of tests, or one title in a file, behind ` › `. */
  readonly tests: readonly string[]
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

export type Verdict = 'shown' | 'failed' | 'skipped' | 'not run' | 'not built'

const read = (name: string) => JSON.parse(readFileSync(join(root, 'test', 'validation', name), 'utf8'))
export const requirements: readonly Requirement[] = read('requirements.json')
export const outcomes = (): Outcomes => read('outcomes.json')

export const fileOf = (shown: string): string => shown.split(' › ')[0] as string
export const titleOf = (shown: string): string | undefined => shown.split(' › ')[1]

/** Every test that is named has to have passed, and a skipped one shows nothing. */
export function verdictOf({ tests }: Requirement, { files }: Outcomes): Verdict {
  if (tests.length === 0) return 'not built'
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
}

const inTable = (text: string) => text.replaceAll('|', '\\|')

export function page(all: readonly Requirement[], run: Outcomes): string {
  const count = (verdict: Verdict) => all.filter(one => verdictOf(one, run) === verdict).length
  const counts = `Of ${all.length} requirements ${count('shown')} are shown by tests that passed, ${count('not built')} are not built or not shown and say why, and ${count('failed') + count('skipped') + count('not run')} failed, were skipped or did not run.`
  const lines = [
    '# Validation',
    '',
    'Each requirement of the operations documents, with the tests that show it. Made by `npm run validation` of `test/validation/requirements.json` and of the outcome of the tests that it runs; a test compares this page with both.',
    '',
    `Run at commit \`${run.commit}\`, ${run.at}. ${counts}`,
    '',
    '✓: every test named passed. ✗: not, and the note says why. *Otherwise*: built in another way than the words say.',
  ]
  for (const section of new Set(all.map(({ section }) => section))) {
    lines.push('', `## ${section}`, '', '| id | requirement | | shown by |', '| --- | --- | --- | --- |')
    for (const one of all.filter(each => each.section === section)) {
      const shown = one.tests.map(test => `\`${test}\``).join(', ')
      const note = one.note === undefined ? '' : `${one.departs ? '*Otherwise:* ' : ''}${one.note}`
      const told = [shown, note].filter(text => text !== '').join('. ')
      lines.push(`| ${one.id} | ${inTable(one.requirement)} | ${SIGNS[verdictOf(one, run)]} | ${inTable(told)} |`)
    }
  }
  return `${lines.join('\n')}\n`
}
