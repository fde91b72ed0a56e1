// The schedule of a load: it is the profile's, and a seed repeats it.
import { expect, test } from '@jest/globals'
import { PROFILES, planned } from './profile.js'
import { eventsOf, requireRoom } from './room.js'
import { peakOf, phaseAt, rateAt, schedule } from './schedule.js'

const wished = { seconds: 60, scale: 1, capacity: 500 }

test.each(Object.entries(PROFILES))('%s sends at the rates of its phases, in its proportions', (_, profile) => {
  const phases = planned(profile, wished)
  expect(phases.at(-1)?.ends).toBeCloseTo(60)
  const all = [...schedule(phases, profile.mix, { seed: '1', part: 1 })]
  expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).sort((one, other) => one - other))
  for (const phase of phases) {
    const { begins, ends, from, to } = phase
    const seconds = ends - begins
    const meant = from === to ? from * seconds : (seconds * (to - from)) / Math.log(to / from)
    const sent = all.filter(({ at }) => at >= begins * 1_000 && at < ends * 1_000).length
    // Five deviations of a process without memory.
    expect(Math.abs(sent - meant)).toBeLessThan(5 * Math.sqrt(meant) + 1)
  }
  const whole = Object.values<number>(profile.mix).reduce((sum, share) => sum + share, 0)
  for (const [name, share] of Object.entries<number>(profile.mix)) {
    const meant = (all.length * share) / whole
    const counted = all.filter(({ operation }) => operation === name).length
    expect(Math.abs(counted - meant)).toBeLessThan(5 * Math.sqrt(meant) + 1)
  }
})

test('a seed repeats a schedule, and the parts of two generators are another and add up', () => {
  const phases = planned(PROFILES.ten, wished)
  const of = (seed: string, part: number) => [...schedule(phases, PROFILES.ten.mix, { seed, part })]
  expect(of('7/0', 0.5)).toEqual(of('7/0', 0.5))
  expect(of('7/0', 0.5)).not.toEqual(of('7/1', 0.5))
  const sum = of('7/0', 0.5).length + of('7/1', 0.5).length
  expect(Math.abs(sum - 20_000)).toBeLessThan(5 * Math.sqrt(20_000))
})

test('an open rate is twice what the server took, and the scale is not for it', () => {
  const phases = planned(PROFILES.overload, { ...wished, scale: 3 })
  expect(phases.map(({ from, to }) => [from, to])).toEqual([
    [30, 30],
    [1_000, 1_000],
    [30, 30],
  ])
  expect(peakOf(phases)).toBe(1_000)
  expect([phaseAt(phases, 10)?.name, phaseAt(phases, 61)]).toEqual(['overload', undefined])
})

test('a ramp grows by the same factor each second', () => {
  const ramp = { name: 'ramp', share: 1, kind: 'beyond', from: 10, to: 1_000, begins: 5, ends: 15 } as const
  expect([5, 10, 15].map(second => Math.round(rateAt(ramp, second)))).toEqual([10, 100, 1_000])
})

test('a run for which the disk has no room is refused before it begins', () => {
  const hour = planned(PROFILES.hour, { seconds: 3_600, scale: 1, capacity: 0 })
  expect(eventsOf(PROFILES.hour, hour)).toBeCloseTo(36_000_000, -3)
  expect(() => requireRoom(PROFILES.hour, hour, 30e9)).not.toThrow()
  expect(() => requireRoom(PROFILES.hour, hour, 10e9)).toThrow('36,000,000 events take 21.6 GB, and 10 GB are free.')
  const ramp = planned(PROFILES.ramp, { seconds: 100, scale: 1, capacity: 0 })
  const sent = [...schedule(ramp, PROFILES.ramp.mix, { seed: '1', part: 1 })].length
  expect(Math.abs(eventsOf(PROFILES.ramp, ramp) / 20 / sent - 1)).toBeLessThan(0.05)
})
