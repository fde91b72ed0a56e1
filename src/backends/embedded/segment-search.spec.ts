// Looking up a time in a log with holes: they are stepped over whole.
import { expect, test } from '@jest/globals'
import type { ClockReading } from '../../contract/hybrid-clock.js'
import type { Segment } from './engine/segment/sealed-segment.js'
import type { SegmentList } from './engine/segment/segment-list.js'
import { firstAtOrAfter } from './segment-search.js'

const FAR = 1_000_000_000_000

const segment = (firstPosition: number, lastPosition: number) => ({ firstPosition, lastPosition }) as unknown as Segment
const clockOf = (_: Segment, position: number): ClockReading => ({ timestampNs: BigInt(position), sequence: 0 })
const listOf = (segments: Segment[]): SegmentList => ({
  length: segments.length,
  bytes: 0,
  diskBytes: 0,
  at: index => segments[index] as Segment,
  lastThatMay: () => -1,
  countUpTo: position => segments.filter(({ firstPosition }) => firstPosition <= position).length,
})
const search = (segments: Segment[], at: number, to: number) =>
  firstAtOrAfter(listOf(segments), { timestampNs: BigInt(at), sequence: 0 }, { from: 1, to }, clockOf)

test('a hole of a million million positions takes no longer than one of two', () => {
  const segments = [segment(1, 10), segment(FAR, FAR + 10)]
  expect(search(segments, 4, FAR + 10)).toBe(4)
  expect(search(segments, FAR + 3, FAR + 10)).toBe(FAR + 3)
  expect(search([segment(1, 10)], 4, FAR)).toBe(4)
})
