// docs/VALIDATION.md says what the requirements and the last run of their tests say, and what it names is there.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import {
  fileOf,
  type Outcomes,
  outcomes,
  page,
  type Requirement,
  requirements,
  root,
  titleOf,
  verdictOf,
  verdictOfTests,
} from './page.js'
import { shownBy, storedResults } from './stored-results.js'

test('the page is made of the requirements and of the stored run', () => {
  expect(readFileSync(join(root, 'docs', 'VALIDATION.md'), 'utf8')).toBe(page(requirements, outcomes()))
})

test('each requirement is there once, and one without a test or a figure says why', () => {
  const ids = requirements.map(({ id }) => id)
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  const silent = requirements.filter(({ tests, figures = [], note }) => tests.length + figures.length === 0 && !note)
  expect(silent.map(({ id }) => id)).toEqual([])
})

test('each test that is named is there', () => {
  const missing = requirements.flatMap(({ id, tests }) =>
    tests
      .filter(shown => {
        const path = join(root, fileOf(shown))
        return !existsSync(path) || !readFileSync(path, 'utf8').includes(titleOf(shown) ?? '')
      })
      .map(shown => `${id}: ${shown}`),
  )
  expect(missing).toEqual([])
})

test('each test that is named was run, and none has failed', () => {
  const run = outcomes()
  const shown = requirements.filter(({ tests }) => tests.length > 0)
  expect(shown.filter(one => ['failed', 'not run'].includes(verdictOfTests(one, run))).map(({ id }) => id)).toEqual([])
})

test('a figure that is missed says so beside its note', () => {
  const stored = storedResults(root)
  const missed = requirements.filter(one => verdictOf(one, outcomes(), stored) === 'missed')
  expect(missed.filter(({ note }) => !note).map(({ id }) => id)).toEqual([])
})

test('a figure is met by the newest result that has its row, missed by a worse one, and waits for a run that never was', () => {
  const row = (store: number) => ({ what: 'p99', unit: 'ms', store, detail: { p50: 1 } })
  const stored = [
    { file: 'load-b.json', at: '2', rows: [] },
    { file: 'load-a.json', at: '1', rows: [row(9.5)] },
    { file: 'hour.json', at: '1', holds: false },
  ]
  const figure = { command: 'npm run load', results: 'load-', row: 'p99' }
  expect(shownBy({ ...figure, atMost: 10 }, stored)).toEqual({
    how: 'passed',
    text: '`npm run load`: p99 9.5 ms, ≤ 10 (`load-a.json`)',
  })
  expect(shownBy({ ...figure, atLeast: 10 }, stored).how).toBe('failed')
  expect(shownBy({ ...figure, detail: 'p50', atMost: 1 }, stored).how).toBe('passed')
  expect(shownBy({ command: 'npm run load', results: 'hour' }, stored).how).toBe('failed')
  expect(shownBy({ ...figure, results: 'gate-' }, stored)).toMatchObject({ how: 'not run' })
  const one: Requirement = { id: '1', section: 's', requirement: 'r', tests: [], figures: [{ ...figure, atMost: 9 }] }
  const run: Outcomes = { at: '', commit: '', files: {} }
  expect([verdictOf(one, run, stored), verdictOf(one, run)]).toEqual(['missed', 'not run yet'])
})

test('a requirement is shown only when every test of it passed', () => {
  const one: Requirement = { id: '1', section: 's', requirement: 'r', tests: ['a.spec.ts › it holds', 'b.spec.ts'] }
  const run = (a: 'passed' | 'failed' | 'skipped', b?: 'passed'): Outcomes => ({
    at: '',
    commit: '',
    files: { 'a.spec.ts': { 'the store › it holds': a, other: 'failed' }, ...(b && { 'b.spec.ts': { all: b } }) },
  })
  expect(verdictOf(one, run('passed', 'passed'))).toBe('shown')
  expect(verdictOf(one, run('failed', 'passed'))).toBe('failed')
  expect(verdictOf(one, run('skipped', 'passed'))).toBe('skipped')
  expect(verdictOf(one, run('passed'))).toBe('not run')
  expect(verdictOf({ ...one, tests: [] }, run('passed'))).toBe('not built')
})
