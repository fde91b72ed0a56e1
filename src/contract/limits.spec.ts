// The limits agree with each other, and contradictions are named.
import { describe, expect, it } from '@jest/globals'
import { assertLimits, LIMITS } from './limits.js'

describe('the limits', () => {
  it('hold their relations and cannot be changed', () => {
    expect(() => assertLimits(LIMITS)).not.toThrow()
    expect(Object.isFrozen(LIMITS)).toBe(true)
  })

  it.each<[string, Partial<Record<keyof typeof LIMITS, number>>]>([
    ['metadataBytes < eventBytes', { metadataBytes: LIMITS.eventBytes }],
    ['eventWarnBytes < eventBytes', { eventWarnBytes: LIMITS.eventBytes }],
    ['eventBytes <= batchBytes', { batchBytes: LIMITS.eventBytes - 1 }],
    ['expectationsPerAppend <= batchEvents', { expectationsPerAppend: LIMITS.batchEvents + 1 }],
    ['readLimitDefault <= readLimitMax', { readLimitMax: 1 }],
    ['eventKeys <= bodyKeys', { bodyKeys: LIMITS.eventKeys - 1 }],
    ['conditionValuesPerItem <= conditionValues', { conditionValues: LIMITS.conditionValuesPerItem - 1 }],
    ['streamChars <= filterGlobChars', { filterGlobChars: LIMITS.streamChars - 1 }],
    ['typeChars <= filterGlobChars', { filterGlobChars: LIMITS.typeChars - 1 }],
    ['every limit is a positive integer', { tagChars: 0 }],
    ['every limit is a positive integer', { tagChars: 1.5 }],
  ])('are refused when this does not hold: %s', (relation, change) => {
    expect(() => assertLimits({ ...LIMITS, ...change } as typeof LIMITS)).toThrow(relation)
  })

  it('names all that is broken at once', () => {
    const broken = { ...LIMITS, readLimitMax: 1, batchBytes: 1 } as unknown as typeof LIMITS
    expect(() => assertLimits(broken)).toThrow(/eventBytes <= batchBytes; readLimitDefault <= readLimitMax/)
  })
})
