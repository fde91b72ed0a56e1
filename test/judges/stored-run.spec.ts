// What docs/TESTING.md says of Porcupine is what the stored run came to.
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

interface Round {
  readonly kills: number
  readonly jumps: number
  readonly models: Readonly<Record<string, { operations: number; parts: number; refused: string[]; undecided: number }>>
}

test('the page tells the counts of the stored run, which refused nothing', () => {
  const stored = readFileSync('bench/results/judge-porcupine.json', 'utf8')
  const { planted, rounds } = JSON.parse(stored) as { readonly planted: number; readonly rounds: readonly Round[] }
  const sum = (of: (round: Round) => number) =>
    rounds.reduce((all, round) => all + of(round), 0).toLocaleString('en-US')
  const models = (round: Round) => Object.values(round.models)
  const operations = sum(({ models: { log, delivery } }) => (log?.operations ?? 0) + (delivery?.operations ?? 0))
  const histories = sum(round => models(round).reduce((all, { parts }) => all + parts, 0))
  const faults = `${sum(({ kills }) => kills)} kills and ${sum(({ jumps }) => jumps)} jumps`
  const row = `${operations} operations in ${histories} histories through ${faults}, 0 refused; ${planted} planted violations, all refused`
  expect(rounds.flatMap(models).flatMap(({ refused }) => refused)).toEqual([])
  expect(rounds.flatMap(models).filter(({ undecided }) => undecided > 0)).toEqual([])
  expect(readFileSync('docs/TESTING.md', 'utf8')).toContain(row)
})
