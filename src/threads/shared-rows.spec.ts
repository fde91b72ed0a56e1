// A name has one row for as long as it may keep it; in a full table the lowest rank gives way, and nobody inherits.
import { expect, test } from '@jest/globals'
import { NameHash } from './name-hash.js'
import { SharedRows } from './shared-rows.js'

const names = new NameHash(1, 2)

function table(rows: number) {
  const [keys, cells] = [rows, 2 * rows].map(words => new BigInt64Array(new SharedArrayBuffer(8 * words)))
  return new SharedRows(keys as BigInt64Array, cells as BigInt64Array)
}

test('a third of the table full of names: each has a row of its own and keeps it', () => {
  const rows = table(32_768)
  const all = Array.from({ length: 10_923 }, (_, n) => `agent-${n}`)
  const first = all.map((name, n) => rows.of(names.of(name), n + 1))
  expect(new Set(first).size).toBe(all.length)
  for (const [n, at] of first.entries()) rows.cells[at + 1] = BigInt(n)
  expect(all.map(name => rows.of(names.of(name), 99_999))).toEqual(first)
  expect(first.every((at, n) => rows.cells[at] === BigInt(n + 1) && rows.cells[at + 1] === BigInt(n))).toBe(true)
})

test('where every row is in use, the one of the lowest rank is given away, and is empty but for its new rank', () => {
  const rows = table(64)
  const all = Array.from({ length: 64 }, (_, n) => `agent-${n}`)
  const rankOf = (n: number) => 1_000 + ((n * 37) % 64)
  const places = all.map((name, n) => rows.of(names.of(name), rankOf(n)))
  for (const at of places) rows.cells[at + 1] = 7n
  const lowest = all.findIndex((_, n) => rankOf(n) === 1_000)
  const given = rows.of(names.of('a new one'), 5_000)
  expect(given).toBe(places[lowest])
  expect([rows.cells[given], rows.cells[given + 1]]).toEqual([5_000n, 0n])
  const others = all.filter((_, n) => n !== lowest)
  expect(others.map(name => rows.of(names.of(name), 1))).toEqual(places.filter((_, n) => n !== lowest))
})
