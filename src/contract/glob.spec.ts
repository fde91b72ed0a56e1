// Globs: a table, a simple reference, and the patterns that bring slower matchers to a halt.
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { globMatches, isGlob } from './glob.js'

/** The definition itself, by recursion; exponential, so only for short texts. */
function reference(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern[0] === '*') {
    return reference(pattern.slice(1), text) || (text !== '' && reference(pattern, text.slice(1)))
  }
  return pattern[0] === text[0] && reference(pattern.slice(1), text.slice(1))
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

  it('finishes at once where matchers that try everything do not', () => {
    // Trying every way to share 256 letters among eight stars would take about 10^14 steps.
    const text = 'a'.repeat(256)
    expect(globMatches(`${'*a'.repeat(8)}*b`, text)).toBe(false)
    expect(globMatches(`${'*a'.repeat(8)}*`, text)).toBe(true)
    expect(globMatches(`${'*'.repeat(255)}b`, text)).toBe(false)
  })

  it('is told from a plain name by its star', () => {
    expect([isGlob('a*'), isGlob('*'), isGlob('a'), isGlob('')]).toEqual([true, true, false, false])
  })
})
