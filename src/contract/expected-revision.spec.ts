// The table of optimistic concurrency: every expectation against a new stream, one event, several.
import { describe, expect, it } from '@jest/globals'
import { type ExpectedRevision, revisionHolds } from './expected-revision.js'

describe('an expected revision', () => {
  it.each<[ExpectedRevision, boolean, boolean, boolean]>([
    // expected, at -1 (no events), at 0, at 5
    ['any', true, true, true],
    ['none', true, false, false],
    ['exists', false, true, true],
    [0, false, true, false],
    [4, false, false, false],
    [5, false, false, true],
    [6, false, false, false],
  ])('%p: without events %p, at revision 0 %p, at revision 5 %p', (expected, atNone, atZero, atFive) => {
    expect([-1, 0, 5].map(actual => revisionHolds(expected, actual))).toEqual([atNone, atZero, atFive])
  })
})
