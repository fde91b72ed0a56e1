// Every mutant can still be planted, and has a spec that must catch it; whether it does is found out by `npm run mutants`.
import { existsSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { groupMutants } from './group-mutants.js'
import { occurrencesOf } from './mutant.js'
import { readMutants } from './read-mutants.js'
import { writeMutants } from './write-mutants.js'

test.each([...groupMutants, ...readMutants, ...writeMutants])('$name', mutant => {
  expect(occurrencesOf(mutant)).toBe(1)
  expect(existsSync(mutant.gate.spec)).toBe(true)
})
