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
} from './page.js'

test('the page is made of the requirements and of the stored run', () => {
  expect(readFileSync(join(root, 'docs', 'VALIDATION.md'), 'utf8')).toBe(page(requirements, outcomes()))
})

test('each requirement is there once, and one without a test says why', () => {
  const ids = requirements.map(({ id }) => id)
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  expect(requirements.filter(({ tests, note }) => tests.length === 0 && !note).map(({ id }) => id)).toEqual([])
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
  const wrong = requirements.filter(one => ['failed', 'not run'].includes(verdictOf(one, run)))
  expect(wrong.map(({ id }) => id)).toEqual([])
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
