// A judge is believed only while a wrong outcome, an excuse that is not needed and a case that is gone all make it fail.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { faultsOf, type Outcome } from './judge.js'

const RIGHT = [
  { name: 'good', expected: 'accepted', got: 'accepted' },
  { name: 'bad', expected: 'refused', got: 'refused' },
]
const TWICE = { name: 'twice', expected: 'accepted', got: 'refused' }
const because = 'readers do not agree'

describe('a judge', () => {
  test('has nothing to say when all is as expected', () => {
    expect(faultsOf(RIGHT)).toEqual([])
  })

  test.each(RIGHT)('notices that $name has another outcome', ({ name }) => {
    const planted = RIGHT.map(one => (one.name === name ? { ...one, got: 'something else' } : one))
    expect(faultsOf(planted)).toEqual([expect.stringContaining(`${name}: something else`)])
  })

  test('lets pass what is another one by design, in that way alone', () => {
    expect(faultsOf([...RIGHT, TWICE], { twice: { got: 'refused', because } })).toEqual([])
    expect(faultsOf([...RIGHT, TWICE], { twice: { got: 'ignored', because } })).toHaveLength(1)
  })

  test('refuses an excuse that is not needed any more, or whose case is gone', () => {
    expect(faultsOf([{ ...TWICE, got: 'accepted' }], { twice: { got: 'refused', because } })).toHaveLength(1)
    expect(faultsOf(RIGHT, { good: { got: 'accepted', because } })).toHaveLength(1)
    expect(faultsOf(RIGHT, { twice: { got: 'refused', because } })).toHaveLength(1)
  })

  test('does not pass for want of cases, nor with two of one name', () => {
    expect(faultsOf([])).toHaveLength(1)
    expect(faultsOf([...RIGHT, ...RIGHT])).toHaveLength(1)
  })
})

test('the page about judges has the counts of their stored outcomes', () => {
  const page = readFileSync('docs/TESTING.md', 'utf8')
  const folder = join(import.meta.dirname, 'outcomes')
  const stored = readdirSync(folder).map(file => {
    const { judge, cases, asExpected, byDesign } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Outcome
    return [judge, String(cases), String(asExpected), String(byDesign)]
  })
  const shown = [...page.matchAll(/^\| ([\w ]+?) \|.*\| (\d[\d,]*) \| (\d[\d,]*) \| (\d+) \|$/gm)].map(([, ...cells]) =>
    cells.map(cell => cell?.replace(',', '')),
  )
  expect(shown.sort()).toEqual(stored.sort())
})
