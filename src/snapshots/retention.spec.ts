// Which snapshots stay, as a table: all of a day, the last of each day for a month, of each week for a year, and what those stand on.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type RetainedSnapshot, staying } from './retention.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** A Thursday, as the first day of 1970 was: a week begins there. */
const NOW = Date.UTC(2026, 0, 29) + 12 * HOUR

/** Named by its age; the older, the further behind in the log. */
function aged(name: string, ageMs: number, base?: string) {
  const header = { position: 1e9 - Math.round(ageMs / 1_000), createdMs: NOW - ageMs }
  return { id: name, header: { ...header, base: base === undefined ? null : { id: base, sha256: '' } } }
}
const KEPT: RetainedSnapshot = { isKept: true, isProtected: () => false }
const LET_GO: RetainedSnapshot = { isKept: false, isProtected: () => false }
const stays = (snapshots: readonly ReturnType<typeof aged>[], held = KEPT) => [...staying(snapshots, held, NOW)].sort()

describe('of the snapshots of a fold', () => {
  test.each<readonly [string, ReturnType<typeof aged>[], RetainedSnapshot, string[]]>([
    ['none stay of none', [], KEPT, []],
    ['all of the last 24 hours stay', [aged('a', 0), aged('b', HOUR), aged('c', DAY)], KEPT, ['a', 'b', 'c']],
    ['the newest stays however old', [aged('a', 900 * DAY), aged('b', 901 * DAY)], KEPT, ['a']],
    ['the newest of a fold let go ages like any other', [aged('a', 900 * DAY)], LET_GO, []],
    [
      'the last of each day stays for 30 days',
      [aged('now', 0), ...[10, 11, 30, 35].map(hours => aged(`${hours}h`, 2 * DAY + hours * HOUR))],
      KEPT,
      // Noon is 12 h into the day: 10 and 11 hours earlier than two days ago are of one day, 30 and 35 of the one before.
      ['10h', '30h', 'now'],
    ],
    [
      'the last of each week stays for a year',
      [aged('now', 0), ...[40, 41, 47, 48, 60].map(days => aged(`${days}d`, days * DAY))],
      KEPT,
      // Weeks begin on Thursdays: 40 and 41 days ago are of one week, 47 and 48 of the one before.
      ['40d', '47d', '60d', 'now'],
    ],
    ['nothing stays for longer', [aged('now', 0), aged('y', 366 * DAY)], KEPT, ['now']],
    ['a week that is not over a year old does', [aged('now', 0), aged('y', 364 * DAY)], KEPT, ['now', 'y']],
    [
      'what one that stays stands on stays, down to the full one',
      [aged('a', 0, 'b'), aged('b', 400 * DAY, 'c'), aged('c', 401 * DAY), aged('d', 402 * DAY)],
      KEPT,
      ['a', 'b', 'c'],
    ],
    [
      'what is protected stays, and what it stands on',
      [aged('now', 0), aged('p', 700 * DAY, 'q'), aged('q', 701 * DAY), aged('r', 702 * DAY)],
      { isKept: true, isProtected: id => id === 'p' },
      ['now', 'p', 'q'],
    ],
    ['one from the future stays', [aged('now', 0), aged('later', -DAY)], KEPT, ['later', 'now']],
  ])('%s', (_, snapshots, held, expected) => {
    expect(stays(snapshots, held)).toEqual([...expected].sort())
    expect(stays([...snapshots].reverse(), held)).toEqual([...expected].sort())
  })

  test('no base of one that stays ever goes, and who has been removed is missed by none of later days', () => {
    const ages = fc.uniqueArray(fc.integer({ min: 0, max: 500 * 24 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(
        ages,
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        fc.nat(3_000),
        (hours, full, later) => {
          const newestFirst = [...hours].sort((a, b) => a - b)
          const snapshots = newestFirst.map((age, at) => {
            const below = newestFirst[at + 1]
            return aged(`${age}`, age * HOUR, full[at] || below === undefined ? undefined : `${below}`)
          })
          const now = staying(snapshots, KEPT, NOW)
          for (const { id, header } of snapshots) {
            if (now.has(id) && header.base !== null) expect(now.has(header.base.id)).toBe(true)
          }
          // Removing now and again later leaves what removing later alone leaves.
          const then = NOW + later * HOUR
          const atOnce = staying(snapshots, KEPT, then)
          const again = staying(
            snapshots.filter(({ id }) => now.has(id)),
            KEPT,
            then,
          )
          expect([...again].sort()).toEqual([...atOnce].sort())
        },
      ),
    )
  })
})
