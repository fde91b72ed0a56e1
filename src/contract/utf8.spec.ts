// A text cut to some bytes: as much of it as fits, and no half character.
import fc from 'fast-check'
import { cutToBytes } from './utf8.js'

test('a text is cut to as much as fits, never within a character', () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom('a', 'ü', '€', '🦉'), fc.constant('\ud800')), maxLength: 80 })
  fc.assert(
    fc.property(text, fc.nat(140), (whole, most) => {
      const cut = cutToBytes(whole, most)
      expect(whole.startsWith(cut)).toBe(true)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(most)
      if (whole.isWellFormed()) expect(cut.isWellFormed()).toBe(true)
      const [next] = whole.slice(cut.length)
      if (next !== undefined) expect(Buffer.byteLength(cut + next)).toBeGreaterThan(most)
    }),
  )
})

test.each([
  ['€'.repeat(60), 123, 41],
  ['x€'.repeat(60), 123, 61],
  ['🦉'.repeat(60), 123, 60],
  ['a'.repeat(123), 123, 123],
  ['', 0, 0],
])('%s to %d bytes', (text, most, units) => {
  expect(cutToBytes(text, most)).toHaveLength(units)
})
