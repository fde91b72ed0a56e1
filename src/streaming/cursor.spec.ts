// A cursor comes back as it was written, and anything else is refused.
import { readCursor, writeCursor } from './cursor.js'

const CURSOR = { order: 'desc', position: 7, head: 2 ** 53 - 1 } as const

test.each([CURSOR, { order: 'asc', position: 1, head: 1 } as const])('%j comes back', cursor => {
  expect(readCursor(writeCursor(cursor, 'stream=a'), 'stream=a')).toEqual(cursor)
})

test('other parameters refuse it', () => {
  expect(() => readCursor(writeCursor(CURSOR, 'stream=a'), 'stream=b')).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', errors: [expect.objectContaining({ pointer: '/cursor' })] }),
  )
})

test('a flipped bit anywhere refuses it, and so does every other spelling', () => {
  const text = writeCursor(CURSOR, '')
  const bytes = Buffer.from(text, 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
    expect(() => readCursor(flipped.toString('base64url'), '')).toThrow('is not the next of a page')
  }
  for (const other of ['', 'a', `${text}=`, `${text}A`, ` ${text}`, text.slice(1), `${text}\n`, 'null', '{}']) {
    expect(() => readCursor(other, '')).toThrow('is not the next of a page')
  }
})

test.each([
  { order: 'asc', position: 0, head: 5 },
  { order: 'asc', position: 6, head: 5 },
] as const)('one that cannot have been given is refused: %j', cursor => {
  expect(() => readCursor(writeCursor(cursor, ''), '')).toThrow('is not the next of a page')
})
