// Globs: a table, a simple reference, and the patterns that bring slower matchers to a halt.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compileGlobs, globMatches, isGlob } from './glob.js'

/** The definition itself, by recursion; exponential, so only for short texts. */
function reference(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] === '*') {
    return reference(pattern.slice(1), text) || (text !== '' && reference(pattern, text.slice(1)))
  }
  return pattern[0] === text[0] && reference(pattern.slice(1), text.slice(1))
}

/** Gives the last star one more character whenever it goes on no further; slow at the worst, and plainly right. */
function twoPointers(pattern: string, text: string): boolean {
  let [p, t, starAt, resumeAt] = [0, 0, -1, 0]
  while (t < text.length) {
    if (pattern[p] === '*') {
      starAt = p++
      resumeAt = t
    } else if (pattern[p] === text[t]) {
      p++
      t++
    } else if (starAt >= 0) {
      p = starAt + 1
      t = ++resumeAt
    } else return false
  }
  return /^\**$/.test(pattern.slice(p))
}

/** A text that counts what is done with it, by the worst that each way of searching can do. */
class CountedText extends String {
  steps = 0

  override charCodeAt(at: number): number {
    this.steps++
    return super.charCodeAt(at)
  }

  override startsWith(part: string, at?: number): boolean {
    this.steps += part.length
    return super.startsWith(part, at)
  }

  override endsWith(part: string, end?: number): boolean {
    this.steps += part.length
    return super.endsWith(part, end)
  }

  override indexOf(part: string, from = 0): number {
    const found = super.indexOf(part, from)
    this.steps += part.length * ((found < 0 ? this.length : found + part.length) - from)
    return found
  }
}

describe('a glob', () => {
  it.each<[string, string, boolean]>([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything/at.all', true],
    ['a', 'a', true],
    ['a', 'A', false],
    ['a', 'ab', false],
    ['a*', 'a', true],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['*c', 'abcd', false],
    ['a*c', 'ac', true],
    ['a*c', 'abcbc', true],
    ['a*c', 'abcb', false],
    ['*b*', 'abc', true],
    ['**', 'abc', true],
    ['a**c', 'abc', true],
    ['task.*', 'taskXdone', false],
    ['a?c', 'abc', false],
    ['[a]', 'a', false],
    ['a*a', 'a', false],
  ])('%p on %p: %p', (pattern, text, matches) => {
    expect(globMatches(pattern, text)).toBe(matches)
  })

  it('agrees with its definition', () => {
    const over = (letters: string, maxLength: number) =>
      fc.array(fc.constantFrom(...letters), { maxLength }).map(list => list.join(''))
    fc.assert(
      fc.property(over('ab*', 7), over('ab', 9), (pattern, text) => {
        expect(globMatches(pattern, text)).toBe(reference(pattern, text))
      }),
      { numRuns: 2_000 },
    )
  })

  it('agrees with its definition where parts are long and overlap themselves', () => {
    const runs = fc.array(fc.constantFrom('a', 'aaaaaaab', 'abababac', 'aabaabaab', '*'), { maxLength: 6 })
    const texts = fc.array(fc.constantFrom('a', 'b', 'ab', 'aab', 'aaaaaaab', 'abababac'), { maxLength: 8 })
    fc.assert(
      fc.property(runs, texts, (parts, pieces) => {
        const [pattern, text] = [parts.join(''), pieces.join('')]
        expect(globMatches(pattern, text)).toBe(twoPointers(pattern, text))
      }),
      { numRuns: 5_000 },
    )
  })

  it('of several matches what one of them matches', () => {
    const patterns = fc.array(fc.constantFrom('', 'a', 'b', 'ab', 'a*', '*b', 'b*a', '*', 'aa', 'ba'), { maxLength: 8 })
    fc.assert(
      fc.property(patterns, fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'aab', 'bba'), (some, text) => {
        expect(compileGlobs(some)(text)).toBe(some.some(pattern => reference(pattern, text)))
      }),
      { numRuns: 1_000 },
    )
  })

  it('finishes at once where matchers that try everything do not', () => {
    // Trying every way to share 256 letters among eight stars would take about 10^14 steps.
    const text = 'a'.repeat(256)
    expect(globMatches(`${'*a'.repeat(8)}*b`, text)).toBe(false)
    expect(globMatches(`${'*a'.repeat(8)}*`, text)).toBe(true)
    expect(globMatches(`${'*'.repeat(255)}b`, text)).toBe(false)
  })

  it.each<[string, string]>([
    ['*aaaaaaaaaaaaaaaab', 'a'.repeat(256)],
    [`*${'a'.repeat(120)}b*`, 'a'.repeat(256)],
    [`*${'ab'.repeat(60)}b*c`, 'ab'.repeat(128)],
    [`${'*aaaaaaaab'.repeat(20)}*`, 'a'.repeat(256)],
    [`a*${'a'.repeat(100)}b*${'a'.repeat(100)}b*a`, 'a'.repeat(256)],
  ])('looks at %s in steps that grow with pattern and text, not with their product', (pattern, letters) => {
    const text = new CountedText(letters)
    expect(globMatches(pattern, text as unknown as string)).toBe(false)
    expect(text.steps).toBeLessThan(8 * (pattern.length + letters.length))
  })

  it('is told from a plain name by its star', () => {
    expect([isGlob('a*'), isGlob('*'), isGlob('a'), isGlob('')]).toEqual([true, true, false, false])
  })
})
