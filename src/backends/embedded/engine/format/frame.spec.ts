// A frame says what it is, and any change of it is noticed.
import { describe, expect, test } from '@jest/globals'
import { SALT, SegmentImage } from '../../../../../test/support/segment-image.js'
import { FRAME_HEADER_BYTES, frameHash, parseFrame, putFrameHeader } from './frame.js'
import { HEADER_BLOCK_BYTES } from './segment-header.js'

const AT = HEADER_BLOCK_BYTES
const image = () => new SegmentImage(41).with([['one', 'two', 'three']])
const parsed = ({ bytes }: SegmentImage, salt = SALT) => parseFrame(bytes, AT, 0, salt)

test('a frame is read as it was written', () => {
  const frame = parsed(image())
  expect(frame).toMatchObject({ frame: { entries: 3, firstPosition: 41, batch: 1, durable: AT, offset: AT } })
  const items = 'frame' in frame ? frame.frame.items : []
  expect(items.map(({ record, intact }) => [record.toString(), intact])).toEqual([
    ['one', true],
    ['two', true],
    ['three', true],
  ])
})

test('a frame of another store is foreign', () => {
  expect(parsed(image(), SALT + 1)).toEqual({ fault: 'foreign' })
})

test('a frame that is not all there yet says how much it needs', () => {
  const whole = image()
  expect(parsed(image().cut(AT + 10))).toEqual({ needs: FRAME_HEADER_BYTES })
  expect(parsed(image().cut(whole.end - 1))).toEqual({ needs: whole.end - AT })
})

test('no byte of a frame can change unnoticed, and one lost record leaves its neighbours readable', () => {
  const whole = image()
  const records = new Map<number, number>()
  const frame = parsed(whole)
  if (!('frame' in frame)) throw new Error('the frame is whole')
  for (const [which, item] of frame.frame.items.entries())
    for (let at = item.end - item.record.length; at < item.end; at++) records.set(at, which)
  for (let at = AT; at < whole.end; at++) {
    const broken = parsed(image().flip(at))
    const which = records.get(at)
    if (which === undefined) expect([at, Object.keys(broken)]).toEqual([at, ['fault']])
    else
      expect('frame' in broken && broken.frame.items.map(item => item.intact)).toEqual([0, 1, 2].map(i => i !== which))
  }
})

describe('a header that claims the impossible is refused although its checksum is right', () => {
  const prev = Buffer.alloc(32)
  const sane = { entries: 1, length: 40, batch: 1, firstPosition: 1, durable: 0, prev }

  test.each([
    ['no entry', { entries: 0 }],
    ['too many entries', { entries: 1_001, length: 36_036 }],
    ['less than its entries need', { entries: 2, length: 71 }],
    ['four gigabytes', { length: 0xffff_ffff }],
    ['position zero', { firstPosition: 0 }],
    ['a position no double holds', { firstPosition: 2 ** 60 }],
  ])('%s', (_, claim) => {
    const bytes = Buffer.alloc(1_000)
    putFrameHeader(bytes, 0, { ...sane, ...claim }, SALT)
    expect(parseFrame(bytes, 0, 0, SALT)).toEqual({ fault: 'entries' })
  })

  test('entries that do not fill the frame', () => {
    const bytes = Buffer.alloc(200)
    putFrameHeader(bytes, 0, sane, SALT)
    bytes.writeUInt32LE(5, FRAME_HEADER_BYTES)
    Buffer.from(frameHash(bytes, 0, 1), 'latin1').copy(bytes, FRAME_HEADER_BYTES + 40)
    expect(parseFrame(bytes, 0, 0, SALT)).toEqual({ fault: 'entries' })
  })
})
