// Texts that are kept: whatever came before, the bytes decide which text it is.
import fc from 'fast-check'
import { KeptTexts } from './kept-texts.js'

test('a text is that of its bytes, whatever came before', () => {
  const kept = new KeptTexts()
  const texts = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 12 }))
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 20 }), list => {
      for (const given of [...list, ...list]) {
        const text = Buffer.from(given).toString()
        const bytes = Buffer.from(`<${text}>`)
        expect(kept.text(bytes, 1, bytes.length - 1)).toBe(text)
      }
    }),
  )
})

test('bytes that look like the characters of another text are not taken for it', () => {
  const kept = new KeptTexts()
  const wide = '\u00c3\u0083'
  expect(kept.text(Buffer.from(wide), 0, 4)).toBe(wide)
  expect(kept.text(Buffer.of(0xc3, 0x83), 0, 2)).toBe('\u00c3')
  expect(kept.text(Buffer.from(wide), 0, 4)).toBe(wide)
})

test('a text that comes again is the same one, and a longer one is not kept', () => {
  const kept = new KeptTexts()
  const bytes = Buffer.from('stream')
  expect(kept.text(bytes, 0, 6)).toBe('stream')
  expect(kept.text(Buffer.from('a stream'), 2, 8)).toBe('stream')
  expect(kept.text(Buffer.from('x'.repeat(33)), 0, 33)).toBe('x'.repeat(33))
  expect(kept.text(bytes, 3, 3)).toBe('')
})
