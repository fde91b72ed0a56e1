// The header block and its marks: what is written is read, and what is damaged says nothing or is named.

import { crc32 } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import {
  HEADER_BLOCK_BYTES,
  headerBlock,
  MARK_SLOTS,
  markBytes,
  markSlot,
  paddingIsZero,
  parseHeader,
  parseMarks,
} from './segment-header.js'

const identity = {
  salt: 0xfeed_beef,
  storeId: Buffer.alloc(16, 3),
  epoch: 9,
  firstPosition: 2 ** 40 + 1,
  firstBatch: 77,
  createdMs: 1_767_225_600_123,
  prev: Buffer.alloc(32, 5),
}
const block = () => headerBlock(identity)
const mark = (sequence: number, durable: number) =>
  ({ sequence, clean: sequence % 2 === 0, durable, head: durable + 1, hash: Buffer.alloc(32, sequence) }) as const

function marked(...marks: readonly ReturnType<typeof mark>[]): Buffer {
  const bytes = block()
  for (const one of marks) markBytes(one).copy(bytes, markSlot(one.sequence))
  return bytes
}

test('a header is read as it was written', () => {
  expect(parseHeader(block())).toEqual(identity)
  expect(block()).toHaveLength(HEADER_BLOCK_BYTES)
})

describe('a header that is', () => {
  test.each([
    ['cut off', block().subarray(0, 4_095), 'short'],
    ['no header', Buffer.alloc(HEADER_BLOCK_BYTES), 'magic'],
  ])('%s', (_, bytes, fault) => expect(parseHeader(bytes)).toEqual({ fault }))

  test('changed in any byte', () => {
    for (let at = 0; at < 96; at++) {
      const bytes = block()
      bytes[at] = (bytes[at] as number) ^ 1
      expect([at, parseHeader(bytes)]).toEqual([at, { fault: at < 4 ? 'magic' : 'checksum' }])
    }
  })

  test('of the next version', () => {
    const bytes = block()
    bytes.writeUInt16LE(2, 4)
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 92)
    expect(parseHeader(bytes)).toEqual({ fault: { version: 2 } })
  })
})

describe('marks', () => {
  test('take turns', () => {
    expect(new Set([markSlot(1), markSlot(2)])).toEqual(new Set(MARK_SLOTS))
    expect(markSlot(3)).toBe(markSlot(1))
  })

  test('none there says nothing', () => expect(parseMarks(block())).toEqual({ newest: undefined, unreadable: 0 }))

  test('the newer one counts, in whichever slot it is', () => {
    expect(parseMarks(marked(mark(1, 100), mark(2, 200))).newest).toEqual(mark(2, 200))
    expect(parseMarks(marked(mark(2, 200), mark(3, 300))).newest).toEqual(mark(3, 300))
  })

  test('a damaged one leaves the older one, and is counted', () => {
    for (let at = 0; at < 68; at++) {
      const bytes = marked(mark(1, 100), mark(2, 200))
      bytes[markSlot(2) + at] = (bytes[markSlot(2) + at] as number) ^ 1
      expect([at, parseMarks(bytes)]).toEqual([at, { newest: mark(1, 100), unreadable: 1 }])
    }
  })
})

test('every byte between the fields is zero, or it is noticed', () => {
  const full = marked(mark(1, 100), mark(2, 200))
  expect(paddingIsZero(full)).toBe(true)
  const used = [[0, 6], [8, 96], ...MARK_SLOTS.map(slot => [slot, slot + 68])] as const
  for (let at = 0; at < HEADER_BLOCK_BYTES; at++) {
    if (used.some(([from, to]) => from !== undefined && to !== undefined && from <= at && at < to)) continue
    full[at] = 1
    expect([at, paddingIsZero(full)]).toEqual([at, false])
    full[at] = 0
  }
})
