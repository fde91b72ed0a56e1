// Every block of every page is done, in a real shell and against a real server, as a reader would who starts at that page.
import { resolve } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { tries } from '../support/effort.js'
import { followedOnFreshStore } from './fresh-store.js'
import { DRAWINGS, ELSEWHERE } from './not-run.js'
import { type Page, pagesOf } from './pages.js'
import { missingTools } from './reader.js'
import { compilerFaults } from './snippets.js'
import { readingOf } from './steps.js'

const root = resolve(import.meta.dirname, '..', '..')
const pages = pagesOf(root).filter(({ blocks }) => blocks.length > 0)
const LONGEST_MS = 120_000
const DONE = new Set(['sh', 'js', 'ts', 'json', 'ndjson', 'sse', 'frames', 'yaml'])
const missing = missingTools()
if (missing.length > 0)
  process.stdout.write(
    `docs: the shell blocks of ${pages.length} pages are not run, for ${missing.join(', ')} is not here\n`,
  )

test('each block of each page is done, or listed with the reason why not', () => {
  for (const { path, blocks } of pages)
    process.stdout.write(`docs: ${path}: ${told(blocks.map(({ language }) => language))}\n`)
  const left = pages.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ language }) => !(language === 'text' ? path in DRAWINGS : DONE.has(language) || language in ELSEWHERE))
      .map(
        ({ line, language }) =>
          `${path}:${line} is ${language}: give it a language that is run, or list it in test/docs/not-run.ts`,
      ),
  )
  expect(left).toEqual([])
  const drawn = new Set(
    pages.filter(({ blocks }) => blocks.some(({ language }) => language === 'text')).map(({ path }) => path),
  )
  expect(Object.keys(DRAWINGS).filter(path => !drawn.has(path))).toEqual([])
})

test('each answer that is shown stands behind its command', () => {
  expect(pages.flatMap(page => readingOf(page).faults)).toEqual([])
})

test('what is shown as YAML is YAML', () => {
  const blocks = pages.flatMap(page => page.blocks).filter(({ language }) => language === 'yaml')
  for (const { text } of blocks) expect(parse(text, { strict: true })).toEqual(expect.anything())
})

test('what is shown as TypeScript compiles against the client', () => {
  expect(pages.flatMap(compilerFaults)).toEqual([])
})

/** They start many processes: in `npm test` their blocks are read, and followed by `npm run test:tools`. */
const AT_LENGTH = new Set(
  ['client/README.md', 'docs/CLOUDEVENTS.md', 'docs/EXPORT.md', 'docs/OPERATIONS.md', 'docs/PERFORMANCE.md'].concat([
    'docs/GUIDES.md',
    'docs/QUERY.md',
    'docs/REPLAY.md',
    'docs/SNAPSHOTS.md',
    'docs/READINESS.md',
    'docs/TESTING.md',
    'docs/UPGRADE.md',
    'docs/TROUBLESHOOTING.md',
    'docs/TUNING.md',
  ]),
)
const THOROUGH = tries(1, 0) === 1
const atLength = ({ path }: { path: string }) => AT_LENGTH.has(path) || path.startsWith('docs/runbooks/')
const toFollow = pages.filter(page => readingOf(page).steps.length > 0 && (THOROUGH || !atLength(page)))
// skip: a machine may lack curl or jq, which is told above
const whereToolsAre = missing.length === 0 ? test : test.skip

/** Each page has a server of its own, and most of the time waits for processes: at length the next ones are begun meanwhile. */
const AT_ONCE = tries(3, 1)
const begun = new Map<Page, Promise<string[]>>()

function followed(page: Page): Promise<string[]> {
  const at = toFollow.indexOf(page)
  for (const next of toFollow.slice(at, at + AT_ONCE)) if (!begun.has(next)) begun.set(next, followedOnFreshStore(next))
  return begun.get(page) as Promise<string[]>
}

afterAll(() => Promise.allSettled(begun.values()), LONGEST_MS)

whereToolsAre.each(toFollow.map(page => [page.path, page] as const))(
  '%s can be followed on a fresh store',
  async (_, page) => {
    expect(await followed(page)).toEqual([])
  },
  LONGEST_MS,
)

function told(languages: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const language of languages) counts.set(language, (counts.get(language) ?? 0) + 1)
  return `${languages.length} blocks (${[...counts].map(([language, count]) => `${count} ${language}`).join(', ')})`
}
