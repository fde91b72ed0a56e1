// What a filter costs before anything is read: it grows with what can be in the answer, not with the segment.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compileFilter, type EventFilter } from '../../contract/filter.js'
import { ActivePostings } from './engine/index/active-postings.js'
import { candidates } from './plan.js'
import { KIND, TERM_KINDS } from './terms.js'

interface Carried {
  readonly stream: string
  readonly type: string
  readonly tag: string
}

/** Counts the names and the ordinals it hands out. */
class CountedPostings extends ActivePostings {
  names = 0
  handedOut = 0

  constructor(readonly events: readonly Carried[]) {
    super(TERM_KINDS)
    for (const [at, { stream, type, tag }] of events.entries()) {
      const ordinal = this.add(at * 100, at * 100 + 100)
      this.term(ordinal, KIND.stream, stream)
      this.term(ordinal, KIND.type, type)
      this.term(ordinal, KIND.tag, tag)
    }
  }

  override *texts(kind: number): Generator<string> {
    for (const text of super.texts(kind)) {
      this.names++
      yield text
    }
  }

  override ordinals(kind: number, text: string): Uint32Array {
    this.handedOut++
    return super.ordinals(kind, text)
  }
}

const EVENTS = 30_000
const busy = new CountedPostings(
  Array.from({ length: EVENTS }, (_, n) => ({ stream: `work_${n}`, type: `T${n % 7}`, tag: `t${n % 1_000}` })),
)

test.each<[string, EventFilter]>([
  ['a pattern of streams', { streams: ['work_*'] }],
  ['a pattern of streams and a type nobody appends', { streams: ['work_*'], types: ['Never'] }],
  ['a pattern of types', { types: ['T*'], within: ['work_*', 'other'] }],
  ['what the token may read', { within: ['work_1*'] }],
])('of the last few events of a segment costs next to nothing: %s', async (_, filter) => {
  busy.names = 0
  busy.handedOut = 0
  await candidates(busy, filter, { from: EVENTS - 5, to: EVENTS - 1 })
  expect([busy.names, busy.handedOut <= 2]).toEqual([0, true])
})

test('with few events under a name that is asked for exactly, patterns are not held against all names there are', async () => {
  busy.names = 0
  const found = await candidates(busy, { streams: ['work_*'], tags: ['t7'] }, { from: 0, to: EVENTS - 1 })
  expect([busy.names, found?.length]).toEqual([0, EVENTS / 1_000])
})

const words = (...values: string[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })
const filters: fc.Arbitrary<EventFilter> = fc.record(
  {
    streams: words('a', 'b', 'ab', 'a*', '*b', '*', 'c*'),
    types: words('T', 'U', 'T*', '*', 'V*'),
    tags: fc.uniqueArray(fc.constantFrom('x', 'y'), { maxLength: 1 }),
    within: words('a', 'b', 'a*', '*', '*b'),
  },
  { requiredKeys: [] },
)

test('whatever matches between its bounds is among the candidates, ascending and once', async () => {
  const names = { stream: ['a', 'b', 'ab', 'bb', 'ca'], type: ['T', 'TU', 'U', 'V'], tag: ['x', 'y', 'z'] }
  const event = fc.record({
    stream: fc.constantFrom(...names.stream),
    type: fc.constantFrom(...names.type),
    tag: fc.constantFrom(...names.tag),
  })
  // More events than are read without a look at the names, from a few that repeat.
  const logs = fc.array(event, { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(logs, filters, fc.nat(400), fc.nat(400), async (some, filter, one, other) => {
      const events = Array.from({ length: 401 }, (_, n) => some[(n * n) % some.length] as Carried)
      const postings = new CountedPostings(events)
      const [from, to] = [Math.min(one, other), Math.max(one, other)]
      const matches = compileFilter(filter)
      const wanted = events.flatMap(({ stream, type, tag }, at) =>
        from <= at && at <= to && matches({ stream, type, tags: [tag], agentId: 'me' }) ? [at] : [],
      )
      const found = await candidates(postings, filter, { from, to })
      if (found === undefined) return
      const list = [...found]
      expect(list).toEqual([...new Set(list)].sort((a, b) => a - b))
      expect(list.filter(at => at < from || at > to)).toEqual([])
      expect(wanted.filter(at => !list.includes(at))).toEqual([])
    }),
    { numRuns: 300 },
  )
})
