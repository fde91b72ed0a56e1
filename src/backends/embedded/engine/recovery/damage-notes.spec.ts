// The list of known damage: nothing twice, neighbours as one range, and no limit that a long rotten stretch could reach.
import { expect, test } from '@jest/globals'
import type { KnownDamage } from '../segment/accepted-damage.js'
import { DamageNotes } from './damage-notes.js'

const at = (from: number, to = from, reason = 'rot'): KnownDamage => ({
  firstPosition: 1,
  from,
  to,
  reason,
  where: `seg at byte ${from * 100}`,
  bytes: { from: from * 100, to: to * 100 + 100 },
})

function notes(): { notes: DamageNotes; told: KnownDamage[] } {
  const told: KnownDamage[] = []
  return { notes: new DamageNotes([], damage => told.push(damage)), told }
}

test('five thousand damaged neighbours are one range, in whatever order they are found', () => {
  const { notes: found, told } = notes()
  for (let position = 5_000; position > 2_500; position--) found.add(at(position))
  for (let position = 1; position <= 2_500; position++) found.add(at(position))
  expect(found.list).toEqual([{ ...at(1), to: 5_000, bytes: { from: 100, to: 500_100 } }])
  expect(told.length).toBeGreaterThanOrEqual(1_000)
  expect(told.length).toBeLessThan(1_100)
})

test('what is known is not told again; other reasons, other segments and gaps stay apart', () => {
  const { notes: found, told } = notes()
  for (const damage of [at(1, 4), at(2), at(5, 5, 'other'), { ...at(5), firstPosition: 5 }, at(9)]) found.add(damage)
  expect(told).toHaveLength(3)
  expect(found.list.map(({ from, to }) => [from, to])).toEqual([
    [1, 4],
    [5, 5],
    [9, 9],
  ])
})

test('a finding without positions is beside nothing', () => {
  const { notes: found } = notes()
  found.add(at(1, 3))
  found.add(at(4, 3))
  found.add(at(4, 3))
  expect(found.list).toEqual([at(1, 3), at(4, 3)])
})

test('ranges that lie apart are noted up to a bound, and those that are noted still grow', () => {
  const { notes: found, told } = notes()
  for (let n = 1; n <= 20_000; n++) found.add(at(2 * n))
  const { length } = found.list
  expect([length < 20_000, told.length]).toEqual([true, length])
  found.add(at(3))
  expect(found.list.some(({ from, to }) => from <= 2 && to >= 3)).toBe(true)
})

test('neighbours of which the bytes of one are not known have no bytes together', () => {
  const { notes: found } = notes()
  const { bytes: _, ...without } = at(2)
  found.add(at(1))
  found.add(without)
  expect(found.list).toEqual([{ firstPosition: 1, from: 1, to: 2, reason: 'rot', where: at(1).where }])
})
