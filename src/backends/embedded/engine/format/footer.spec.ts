// The footer of a sealed segment: what is written is read, and any changed byte makes it none.
import { crc32 } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { FOOTER_BYTES, footerBytes, parseFooter } from './footer.js'

const footer = {
  firstPosition: 2 ** 33,
  lastPosition: 2 ** 33 + 9,
  frames: 4,
  dataEnd: 100_000_007,
  sealedMs: 1_767_225_600_123,
  chain: Buffer.alloc(32, 1),
  fileHash: Buffer.alloc(32, 2),
  batch: 2 ** 34,
  lost: 3,
}

test('a footer is read as it was written', () => {
  expect(footerBytes(footer)).toHaveLength(FOOTER_BYTES)
  expect(parseFooter(footerBytes(footer))).toEqual(footer)
})

test('no byte of it can change unnoticed', () => {
  for (let at = 0; at < FOOTER_BYTES; at++) {
    const bytes = footerBytes(footer)
    bytes[at] = (bytes[at] as number) ^ 1
    expect([at, parseFooter(bytes)]).toEqual([at, undefined])
  }
})

test('a part of one is none', () => {
  expect(parseFooter(footerBytes(footer).subarray(1))).toBeUndefined()
  expect(parseFooter(Buffer.alloc(FOOTER_BYTES))).toBeUndefined()
})

test('one of another version is none, though its checksum holds', () => {
  const bytes = footerBytes(footer)
  bytes.writeUInt16LE(bytes.readUInt16LE(4) + 1, 4)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, FOOTER_BYTES - 4)), FOOTER_BYTES - 4)
  expect(parseFooter(bytes)).toBeUndefined()
})
