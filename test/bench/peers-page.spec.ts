// The tables of docs/COMPARISON.md are those that npm run bench:peers makes of a stored run.
import { expect, test } from '@jest/globals'
import { pageAndRun } from '../../bench/peers/tables.js'

test('the page shows what the stored run has measured: npm run bench:peers -- --page FILE writes it', () => {
  const { shown, made } = pageAndRun()
  expect(shown).toBe(made)
})
