// An event is proven when it is read: the index may say what it likes.
import { expect, test } from '@jest/globals'
import { recordOf } from '../../../test/support/record-image.js'
import { ENTRY_HEAD_BYTES, sha256 } from './engine/format/frame.js'
import { eventAt } from './entry-reader.js'

function entry(position: number): Buffer {
  const record = recordOf({ type: 't', stream: 's', data: { position } }, { position })
  const head = Buffer.alloc(ENTRY_HEAD_BYTES)
  head.writeUInt32LE(record.length)
  sha256(record).copy(head, 4)
  return Buffer.concat([head, record])
}

const first = entry(7)
const second = entry(8)
const bytes = Buffer.concat([first, second])
const BASE = 4_096
const place = { position: 7, offset: BASE, end: BASE + first.length }
const damaged = expect.objectContaining({ name: 'DamagedEvent' })

test('an event is read where it lies', () => {
  expect(eventAt(place, bytes, BASE).data).toEqual({ position: 7 })
  const next = { position: 8, offset: BASE + first.length, end: BASE + bytes.length }
  expect(eventAt(next, bytes, BASE).data).toEqual({ position: 8 })
})

test('a whole event at the place of another is not it', () => {
  expect(() => eventAt({ ...place, position: 8 }, bytes, BASE)).toThrow(damaged)
})

test('any changed byte of it is damage', () => {
  for (let at = 0; at < first.length; at++) {
    const broken = Buffer.from(bytes)
    broken[at] = (broken[at] as number) ^ 1
    expect(() => eventAt(place, broken, BASE)).toThrow(damaged)
  }
})

test.each([
  ['before the bytes', { offset: BASE - 1 }],
  ['beyond the bytes', { end: BASE + bytes.length + 1 }],
  ['too short for anything', { end: BASE + ENTRY_HEAD_BYTES }],
  ['one byte short', { end: place.end - 1 }],
  ['one byte long', { end: place.end + 1 }],
  ['in the middle', { offset: BASE + 3 }],
])('a place %s is damage', (_, wrong) => {
  expect(() => eventAt({ ...place, ...wrong }, bytes, BASE)).toThrow(damaged)
})

test('bytes that have their hash and are no record are damage', () => {
  for (const record of [Buffer.alloc(0), Buffer.from([0xc1]), Buffer.alloc(200, 0xff)]) {
    const head = Buffer.alloc(ENTRY_HEAD_BYTES)
    head.writeUInt32LE(record.length)
    sha256(record).copy(head, 4)
    const strange = Buffer.concat([head, record])
    const at = { position: 7, offset: BASE, end: BASE + strange.length }
    expect(() => eventAt(at, strange, BASE)).toThrow(damaged)
  }
})
