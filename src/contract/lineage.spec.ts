// What a reader that knows some lineage is told by a store of another.
import { expect, test } from '@jest/globals'
import { forkFrom, type Lineage, mustBeInCommon } from './lineage.js'

const lineage: Lineage = {
  id: 'c',
  epoch: 7,
  epochSince: '2026-11-22T08:00:00.000Z',
  since: '2026-11-21T08:00:00.000Z',
  ancestors: [
    { id: 'b', fork: 90 },
    { id: 'a', fork: 40 },
    { id: 'oldest', fork: 60 },
  ],
}

test('a reader of an older lineage goes on up to the fork, and is told of it behind', () => {
  mustBeInCommon(lineage, 'b', 90)
  expect(() => mustBeInCommon(lineage, 'b', 91)).toThrow(
    expect.objectContaining({ code: 'LINEAGE_FORKED', fork: 90, retryable: false }),
  )
})

test('a reader of this lineage goes on anywhere', () => {
  mustBeInCommon(lineage, 'c', Number.MAX_SAFE_INTEGER)
})

test('what is in common with a lineage further back ends at the earliest fork on the way', () => {
  expect(['b', 'a', 'oldest'].map(known => forkFrom(lineage, known))).toEqual([90, 40, 40])
})

test('a lineage that this store never had shares nothing but the beginning', () => {
  mustBeInCommon(lineage, 'of another store', 0)
  expect(() => mustBeInCommon(lineage, 'of another store', 1)).toThrow(expect.objectContaining({ fork: 0 }))
})
