// A level follows its figure with patience, and does not swing about its threshold.
import fc from 'fast-check'
import { ENDS_AT, LevelJudge } from './level-judge.js'

const THRESHOLD = { warning: 100, critical: 1_000 }
const levels = (judge: LevelJudge, figures: readonly (number | undefined)[]) => figures.map(one => judge.judge(one))

test('three windows in a row raise a level, two do not', () => {
  const judge = new LevelJudge(THRESHOLD, 3)
  expect(levels(judge, [150, 150, 50, 150, 150])).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
  expect(levels(judge, [150])).toEqual(['warning'])
})

test('what three windows agree on is the least that each of them says', () => {
  const judge = new LevelJudge(THRESHOLD, 3)
  expect(levels(judge, [5_000, 150, 5_000]).at(-1)).toBe('warning')
  expect(levels(judge, [5_000, 5_000, 5_000]).at(-1)).toBe('critical')
})

test('a level stands while its figure is above 85 % of the threshold, and ends after three windows below', () => {
  const judge = new LevelJudge(THRESHOLD, 3)
  levels(judge, [150, 150, 150])
  expect(levels(judge, [90, 90, 90, 90])).toEqual(['warning', 'warning', 'warning', 'warning'])
  expect(levels(judge, [80, 80, 80])).toEqual(['warning', 'warning', 'ok'])
})

test('a critical figure that gets better is a warning first', () => {
  const judge = new LevelJudge(THRESHOLD, 1)
  expect(levels(judge, [2_000, 500, 10])).toEqual(['critical', 'warning', 'ok'])
})

test('windows in which nothing happened end a level', () => {
  const judge = new LevelJudge(THRESHOLD, 3)
  levels(judge, [5_000, 5_000, 5_000])
  expect(levels(judge, [undefined, undefined, undefined]).at(-1)).toBe('ok')
})

test('a figure that stays within the gap between beginning and end never changes a level', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 100 * ENDS_AT + 0.01, max: 100, noNaN: true }), { maxLength: 50 }),
      fc.boolean(),
      (figures, isWarned) => {
        const judge = new LevelJudge(THRESHOLD, 1)
        if (isWarned) judge.judge(150)
        const before = judge.level
        for (const figure of figures) expect(judge.judge(figure)).toBe(before)
      },
    ),
  )
})

test('what comes back within an hour ends after twice as many good windows each time, at most a quarter of an hour', () => {
  const judge = new LevelJudge(THRESHOLD, 3)
  const windowsToEnd = () => {
    levels(judge, [150, 150, 150])
    for (let windows = 1; ; windows++) if (judge.judge(10) === 'ok') return windows
  }
  const found = Array.from({ length: 8 }, windowsToEnd)
  expect(found).toEqual([3, 6, 12, 24, 48, 96, 180, 180])
  levels(
    judge,
    Array.from({ length: 720 }, () => 10),
  )
  expect(windowsToEnd()).toBe(3)
})

test('warnings that come and go make no critical level last longer', () => {
  const judge = new LevelJudge(THRESHOLD, 1)
  for (let times = 0; times < 6; times++) levels(judge, [150, ...Array.from({ length: 2 ** times }, () => 10)])
  expect(judge.level).toBe('ok')
  expect(levels(judge, [5_000, 10])).toEqual(['critical', 'warning'])
})
