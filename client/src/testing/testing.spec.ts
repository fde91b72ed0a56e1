// What is generated: the same from the same seed, valid by the server's own rules, and in the proportions it promises.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkAppend } from '../../../src/contract/check/check-append.js'
import { tries } from '../../../test/support/effort.js'
import { bytesOf, SIZES } from './sizes.js'
import { EventDataGenerator, type GeneratedEvent, linkedTo, refOf } from './testing.js'

/** The seeds that each property is tried with. */
const RUNS = tries(10, 4)

const DAY_MICROS = 86_400_000_000

function take(count: number, events: Iterable<GeneratedEvent>): GeneratedEvent[] {
  const taken: GeneratedEvent[] = []
  for (const event of events) {
    if (taken.push(event) === count) break
  }
  return taken
}

const shareOf = (events: readonly GeneratedEvent[], counts: (event: GeneratedEvent) => boolean) =>
  events.filter(counts).length / events.length

const refused = (event: unknown) => {
  try {
    checkAppend({ events: [event], author: { agentId: 'a' } })
    return false
  } catch {
    return true
  }
}

const seeds = fc.oneof(fc.integer(), fc.string())

const sources: readonly (readonly [string, (generator: EventDataGenerator) => Iterable<GeneratedEvent>])[] = [
  ['a session', generator => generator.agentSession('operator', { seconds: 3_600, peers: ['builder-1'] })],
  ['a validation stream', generator => generator.validationStream(0.3)],
  ['a mix', generator => generator.mix()],
  ['a history', generator => generator.history({ months: 1 })],
]

describe.each(sources)('%s', (_, of) => {
  test('is the same byte for byte from the same seed, and another from another', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const first = JSON.stringify(take(60, of(new EventDataGenerator({ seed }))))
        const generator = new EventDataGenerator({ seed })
        // What was generated before makes no difference.
        take(5, generator.mix())
        expect(JSON.stringify(take(60, of(generator)))).toBe(first)
        const other = take(60, of(new EventDataGenerator({ seed: `${seed}'` })))
        expect(JSON.stringify(other.map(({ event }) => event.data))).not.toBe(
          JSON.stringify((JSON.parse(first) as GeneratedEvent[]).map(({ event }) => event.data)),
        )
      }),
      { numRuns: RUNS },
    )
  })

  test('is in the order of time, every event after its causes, and none refused by a server', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const events = take(120, of(new EventDataGenerator({ seed, largeShare: 0.01 })))
        const known = new Set<string>()
        const faults: string[] = []
        let before = 0
        for (const generated of events) {
          const { ref, at, causes, event } = generated
          if (at < before) faults.push(`${ref} is before the one before it`)
          if (!causes.every(cause => known.has(cause))) faults.push(`${ref} is before a cause`)
          if (refOf(event) !== ref || known.has(ref)) faults.push(`${ref} is not its name alone`)
          if (refused(linkedTo(generated, () => '1760000000000000000_0_n1'))) faults.push(`${ref} is refused`)
          before = at
          known.add(ref)
        }
        expect(faults).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })
})

test('of a mix 70 of 100 events are about validation, 20 about coordination, 10 about monitoring', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const events = take(1_500, new EventDataGenerator({ seed }).mix())
      expect(shareOf(events, ({ kind }) => kind === 'validation')).toBeCloseTo(0.7, 1)
      expect(shareOf(events, ({ kind }) => kind === 'coordination')).toBeCloseTo(0.2, 1)
      expect(shareOf(events, ({ kind }) => kind === 'monitoring')).toBeCloseTo(0.1, 1)
    }),
    { numRuns: tries(5, 2) },
  )
})

test('a mix goes on for as long as it is read, and nothing of it is kept', () => {
  const wanted = tries(1_000_000, 5_000)
  let [count, at] = [0, 0]
  for (const event of new EventDataGenerator({ seed: 2, largeShare: 0 }).mix({ agents: 20 })) {
    if (event.at < at || ++count === wanted) break
    at = event.at
  }
  expect(count).toBe(wanted)
}, 300_000)

test('a validation stream has the share of dangerous commands that was asked, and some of either kind on the boundary', () => {
  fc.assert(
    fc.property(seeds, fc.double({ min: 0, max: 1, noNaN: true }), (seed, ratio) => {
      const events = take(1_000, new EventDataGenerator({ seed }).validationStream(ratio))
      const labels = events.map(({ event }) => event.metadata as { dangerous: boolean; boundary: boolean })
      const dangerous = labels.filter(label => label.dangerous).length / 1_000
      // Five deviations of the share of 1,000 draws.
      expect(Math.abs(dangerous - ratio)).toBeLessThanOrEqual(5 * Math.sqrt((ratio * (1 - ratio)) / 1_000) + 1e-9)
      expect(labels.filter(label => label.boundary).length).toBeGreaterThan(80)
    }),
    { numRuns: RUNS },
  )
  expect(() => new EventDataGenerator({ seed: 1 }).validationStream(1.1).next()).toThrow('from 0 to 1')
})

test('data takes 100 bytes to 10 KB, and of the share that may be large up to 1 MB', () => {
  const sizes = take(2_000, new EventDataGenerator({ seed: 5, largeShare: 0.01 }).mix()).map(({ event }) =>
    bytesOf(event.data),
  )
  const large = sizes.filter(bytes => bytes > SIZES.usualMost + 20)
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(SIZES.least)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(SIZES.most + 20)
  expect(large.length / sizes.length).toBeCloseTo(0.01, 2)
  expect(Math.max(...large)).toBeGreaterThan(200_000)
  const mean = sizes.filter(bytes => bytes <= SIZES.usualMost + 20).reduce((a, b) => a + b) / sizes.length
  expect([mean > 700, mean < 1_400]).toEqual([true, true])
})

test('each agent has a clock of its own, off by the same all the time and by no more than was asked', () => {
  const events = take(1_000, new EventDataGenerator({ seed: 9, skewMs: 50 }).mix())
  const skews = new Map<string, Set<number>>()
  for (const { agentId, at, event } of events) {
    const [, seconds = '', micros = ''] = /^(.{19})\.(\d{6})Z$/.exec(event.occurredAt ?? '') ?? []
    const skew = Date.parse(`${seconds}Z`) * 1000 + Number(micros) - at
    skews.set(agentId, (skews.get(agentId) ?? new Set()).add(skew))
  }
  expect(Math.max(...[...skews.values()].map(set => set.size))).toBe(1)
  const all = [...skews.values()].flatMap(set => [...set])
  expect(new Set(all).size).toBe(skews.size)
  expect(Math.max(...all.map(Math.abs))).toBeLessThanOrEqual(200_000)
})

test('a chain of causes leads from what was executed to the request, through other agents, in one correlation', () => {
  const events = take(3_000, new EventDataGenerator({ seed: 3 }).mix())
  const byRef = new Map(events.map(generated => [generated.ref, generated]))
  const chains = events
    .filter(({ event }) => event.type === 'CommandExecuted')
    .map(executed => {
      const chain = [executed]
      for (let link = byRef.get(executed.causes[0] ?? ''); link !== undefined; link = byRef.get(link.causes[0] ?? '')) {
        chain.push(link)
        if (link.event.type === 'CommandValidationRequested') break
      }
      return chain
    })
  expect(chains.length).toBeGreaterThan(300)
  for (const chain of chains) {
    expect(chain.at(-1)?.event.type).toBe('CommandValidationRequested')
    expect(new Set(chain.map(({ event }) => event.correlationId)).size).toBe(1)
    expect(new Set(chain.map(({ agentId }) => agentId)).size).toBeGreaterThan(1)
  }
  expect(chains.some(chain => chain.some(({ event }) => event.type === 'ExpertDecided'))).toBe(true)
  const answers = events.filter(({ event }) => /^(TaskAccepted|PairSessionJoined)$/.test(event.type))
  expect(answers.length).toBeGreaterThan(50)
})

test('a history has business hours, weekends and growth, bursts of one correlation, and versions that go up', () => {
  // From a Monday on, without seasons that would hide the growth.
  const options = { seed: 11, start: '2026-02-02T00:00:00Z', largeShare: 0 }
  const all = [...new EventDataGenerator(options).history({ months: 2, agents: 3, sessionsPerDay: 0.4, growth: 1.6 })]
  const day = (generated: GeneratedEvent) => new Date(generated.at / 1000).getUTCDay()
  const weekend = all.filter(event => day(event) % 6 === 0).length / 2
  const weekday = all.filter(event => day(event) % 6 !== 0).length / 5
  expect(weekend).toBeLessThan(weekday / 2)
  const local = all
    .filter(({ agentId }) => agentId === 'reviewer-1')
    .map(({ at }) => (new Date(at / 1000).getUTCHours() + 1) % 24)
  expect(local.filter(hour => hour >= 8 && hour < 19).length / local.length).toBeGreaterThan(0.7)
  const [first, last] = [all[0]?.at ?? 0, all.at(-1)?.at ?? 0]
  expect(last - first).toBeGreaterThan(55 * DAY_MICROS)
  expect(last - first).toBeLessThan(60 * DAY_MICROS)
  const inMonth = (month: number) => all.filter(({ at }) => new Date(at / 1000).getUTCMonth() === month)
  expect(inMonth(2).length).toBeGreaterThan(inMonth(1).length * 1.1)
  expect(new Set(all.map(({ event }) => event.schemaVersion))).toEqual(new Set([1, 2, 3]))
  expect(all.filter(({ event }) => event.correlationId?.startsWith('incident-')).length).toBeGreaterThan(20)
})

test('every invalid event is refused by the rules of the server', () => {
  const invalid = [...new EventDataGenerator({ seed: 1 }).invalidEvents()]
  expect(invalid.length).toBeGreaterThan(25)
  expect(invalid.filter(({ event }) => !refused(event)).map(({ fault }) => fault)).toEqual([])
  expect([...new EventDataGenerator({ seed: 1 }).invalidEvents()]).toEqual(invalid)
})
