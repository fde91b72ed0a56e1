// Each thing that a client could do wrong, planted in what it says, and a check that did nothing to it.
import { expect, test } from '@jest/globals'
import { judged, type Logged, type Said } from './judging.js'

const FAULTS = { cuts: 2, kills: 1 }
const log: readonly Logged[] = [1, 2, 3, 4].map(n => ({ id: `e${n}`, position: n * 10, mark: `m${n}` }))

function said(but: Partial<Said> = {}): Said {
  return {
    acknowledged: [...log],
    failed: [],
    followed: [...log],
    read: [...log],
    handled: [...log],
    duplicates: 0,
    interruptions: 3,
    ...but,
  }
}

const [one, two, three, four] = log as readonly [Logged, Logged, Logged, Logged]

test('a client that did everything right under all faults has nothing wrong', () => {
  const verdict = judged(said({ handled: [...log, two] }), log, FAULTS, FAULTS)
  expect(verdict).toEqual({
    ...{ events: 4, acknowledged: 4, lost: 0, doubled: 0, unanswered: 0, gaps: 0, repeats: 0 },
    ...{ unhandled: 0, redelivered: 1, duplicates: 0, interruptions: 3, cuts: 2, kills: 1, wrong: [] },
  })
})

const again = { id: 'e5', position: 50, mark: 'm1' }
const everywhere = { followed: [...log, again], read: [...log, again], handled: [...log, again] }
const refusal = { marks: ['m9'], code: 'REVISION_CONFLICT', outcome: 'rejected' }

test.each<[string, Said, readonly Logged[]]>([
  ['1 acknowledged events are not in the log', said({ acknowledged: [{ ...one, id: 'e9' }] }), log],
  ['1 events are in the log twice', said(everywhere), [...log, again]],
  ['1 appends are in the log and were called rejected', said({ failed: [{ ...refusal, marks: ['m4'] }] }), log],
  ['1 appends were refused: REVISION_CONFLICT', said({ failed: [refusal] }), log],
  ['1 events did not come to the follow', said({ followed: [one, two, four] }), log],
  ['1 events came to the follow again or out of order', said({ followed: [one, two, two, three, four] }), log],
  ['2 events did not come to the reads', said({ read: [one, four] }), log],
  ['1 events came to the reads again or out of order', said({ read: [one, three, two, four] }), log],
  ['1 events were not handed out by the group', said({ handled: [four, two, one] }), log],
  ['nothing was appended', said({ acknowledged: [] }), log],
  ['no follow and no consumer was interrupted, so none has come back', said({ interruptions: 0 }), log],
])('it is found that %s', (what, heard, stored) => {
  expect(judged(heard, stored, FAULTS, FAULTS).wrong).toContain(what)
})

test('an append whose outcome is open may be in the log or not', () => {
  const failed = [{ marks: ['m4', 'm9'], code: 'NETWORK', outcome: 'indeterminate' }]
  const verdict = judged(said({ failed, acknowledged: [one, two, three] }), log, FAULTS, FAULTS)
  expect(verdict).toMatchObject({ unanswered: 1, wrong: [] })
})

test('a check that injected no fault, or fewer than it was asked for, fails', () => {
  expect(judged(said(), log, { cuts: 0, kills: 0 }, { cuts: 0, kills: 0 }).wrong).toEqual([
    'no fault was injected, so nothing has been shown',
  ])
  expect(judged(said(), log, FAULTS, { cuts: 1, kills: 0 }).wrong).toEqual([
    'only 1 of 2 cuts were made',
    'only 0 of 1 kills were made',
  ])
})
