// The table of conditions: types OR-ed, tags AND-ed, nothing a glob.
import { describe, expect, it } from '@jest/globals'
import { type ConditionItem, itemMatches } from './condition.js'

const event = { type: 'seat-taken', tags: ['seat:12', 'hall:a'] }

describe('an item of a condition', () => {
  it.each<[ConditionItem, boolean]>([
    [{ types: ['seat-taken'] }, true],
    [{ types: ['seat-freed', 'seat-taken'] }, true],
    [{ types: ['seat-freed'] }, false],
    [{ types: ['seat-*'] }, false],
    [{ types: ['SEAT-TAKEN'] }, false],
    [{ tags: ['seat:12'] }, true],
    [{ tags: ['hall:a', 'seat:12'] }, true],
    [{ tags: ['seat:12', 'seat:13'] }, false],
    [{ tags: ['seat:1'] }, false],
    [{ types: ['seat-taken'], tags: ['hall:a'] }, true],
    [{ types: ['seat-freed'], tags: ['hall:a'] }, false],
    [{ types: ['seat-taken'], tags: ['hall:b'] }, false],
    [{ types: [], tags: ['hall:a'] }, true],
    [{ types: ['seat-taken'], tags: [] }, true],
    [{}, true],
  ])('%j: %p', (item, matches) => {
    expect(itemMatches(item, event)).toBe(matches)
  })
})
