// Conformance: expected revisions and conditions, alone, together and under many writers at once.
import { describe, expect, it } from '@jest/globals'
import type { Condition } from '../../src/contract/condition.js'
import type { Expectation } from '../../src/contract/event-store.js'
import { an, codeOf, errorOf, outcomesOf, type World } from './vocabulary.js'

export function describePreconditions(world: World): void {
  describe('an expected revision', () => tellsExpectations(world))
  describe('a condition', () => {
    tellsConditions(world)
    tellsConditionBounds(world)
  })
  describe('many writers at once', () => tellsRaces(world))
}

function failIf(items: Condition['failIfEventsMatch']['items'], after?: number): { condition: Condition } {
  return { condition: { failIfEventsMatch: { items }, ...(after === undefined ? {} : { after }) } }
}

function expecting(...expectations: Expectation[]): { expectations: Expectation[] } {
  return { expectations }
}

function tellsExpectations(world: World): void {
  it.each<[Expectation['expectedRevision'], boolean, boolean]>([
    // expected, holds without events, holds at revision 1
    ['any', true, true],
    ['none', true, false],
    ['exists', false, true],
    [0, false, false],
    [1, false, true],
    [2, false, false],
  ])('%p holds for a new stream: %p, at revision 1: %p', async (expectedRevision, whenNew, whenAtOne) => {
    await world.append([an('opened', { stream: 'old' }), an('paid', { stream: 'old' })])
    const holds = async (stream: string) => {
      const { codes } = await outcomesOf([
        world.append(an('shipped', { stream }), expecting({ stream, expectedRevision })),
      ])
      expect(codes).toEqual(codes.length === 0 ? [] : ['REVISION_CONFLICT'])
      return codes.length === 0
    }
    expect(await holds('new')).toBe(whenNew)
    expect(await holds('old')).toBe(whenAtOne)
  })

  it('speaks of the stream before the batch, however many events the batch adds', async () => {
    await world.append([an('opened'), an('paid')], expecting({ stream: 'orders', expectedRevision: 'none' }))
    await world.append([an('shipped'), an('rated')], expecting({ stream: 'orders', expectedRevision: 1 }))
    expect(await world.types()).toEqual(['opened', 'paid', 'shipped', 'rated'])
  })

  it('may speak of a stream the batch does not touch', async () => {
    await world.append(an('opened', { stream: 'accounts' }))
    await world.append(an('opened'), expecting({ stream: 'accounts', expectedRevision: 0 }))
    const stale = expecting({ stream: 'accounts', expectedRevision: 3 })
    expect(await codeOf(() => world.append(an('paid'), stale))).toBe('REVISION_CONFLICT')
  })

  it('lists every violation with the actual revision, and writes nothing', async () => {
    await world.append([an('opened', { stream: 'a' }), an('opened', { stream: 'b' }), an('paid', { stream: 'b' })])
    const error = await errorOf(() =>
      world.append(
        an('shipped', { stream: 'a' }),
        expecting(
          { stream: 'a', expectedRevision: 5 },
          { stream: 'b', expectedRevision: 1 },
          { stream: 'c', expectedRevision: 'exists' },
          { stream: 'b2', expectedRevision: 'none' },
        ),
      ),
    )
    expect(error.code).toBe('REVISION_CONFLICT')
    expect(error.violations).toEqual([
      { kind: 'revision', stream: 'a', expected: 5, actual: 0 },
      { kind: 'revision', stream: 'c', expected: 'exists', actual: -1 },
    ])
    expect(world.store.head()).toBe(3)
  })

  it('is reported beside the condition when both fail', async () => {
    const { events } = await world.append(an('opened', { tags: ['order:1'] }))
    const both = { ...expecting({ stream: 'orders', expectedRevision: 'none' }), ...failIf([{ tags: ['order:1'] }]) }
    const error = await errorOf(() => world.append(an('opened'), both))
    expect(error.code).toBe('REVISION_CONFLICT')
    expect(error.violations).toEqual([
      { kind: 'revision', stream: 'orders', expected: 'none', actual: 0 },
      { kind: 'condition', id: events[0]?.id, position: 1, type: 'opened' },
    ])
  })
}

function tellsConditions(world: World): void {
  it.each<[string, Condition['failIfEventsMatch']['items'], boolean]>([
    ['a type that occurred', [{ types: ['paid'] }], false],
    ['a type that never occurred', [{ types: ['shipped'] }], true],
    ['one of several types', [{ types: ['shipped', 'paid'] }], false],
    ['a tag that occurred', [{ tags: ['order:1'] }], false],
    ['tags that occurred on one event', [{ tags: ['order:1', 'vip'] }], false],
    ['tags that never occurred on one event', [{ tags: ['order:2', 'vip'] }], true],
    ['a type and a tag of one event', [{ types: ['paid'], tags: ['order:2'] }], false],
    ['a type and a tag of different events', [{ types: ['paid'], tags: ['vip'] }], true],
    ['any of several items', [{ types: ['shipped'] }, { tags: ['order:2'] }], false],
    ['none of several items', [{ types: ['shipped'] }, { tags: ['order:3'] }], true],
    ['a type that only looks like a glob', [{ tags: ['order:*'] }], true],
    ['an empty list of types beside a tag', [{ types: [], tags: ['vip'] }], false],
  ])('on %s passes: %#', async (_, items, passes) => {
    await world.append([an('opened', { tags: ['order:1', 'vip'] }), an('paid', { tags: ['order:2'] })])
    const { codes } = await outcomesOf([world.append(an('decided'), failIf(items))])
    expect(codes).toEqual(passes ? [] : ['CONDITION_FAILED'])
    expect(world.store.head()).toBe(passes ? 3 : 2)
  })

  it('names the first conflicting event', async () => {
    const { events } = await world.append([an('opened'), an('paid'), an('paid')])
    const error = await errorOf(() => world.append(an('paid'), failIf([{ types: ['shipped'] }, { types: ['paid'] }])))
    expect(error.violations).toEqual([{ kind: 'condition', id: events[1]?.id, position: 2, type: 'paid' }])
  })

  it('says nothing about the batch it comes with', async () => {
    await world.append([an('opened'), an('opened')], failIf([{ types: ['opened'] }]))
    expect(world.store.head()).toBe(2)
  })
}

function tellsConditionBounds(world: World): void {
  it('counts only events beyond its position', async () => {
    await world.append([an('opened'), an('paid')])
    await world.append(an('decided'), failIf([{ types: ['opened', 'paid'] }], 2))
    expect(await codeOf(() => world.append(an('decided'), failIf([{ types: ['decided'] }], 2)))).toBe(
      'CONDITION_FAILED',
    )
    expect(await codeOf(() => world.append(an('decided'), failIf([{ types: ['opened'] }], 0)))).toBe('CONDITION_FAILED')
    await world.append(an('decided'), failIf([{ types: ['decided'] }], 999))
    expect(world.store.head()).toBe(4)
  })

  it('names the first conflict beyond its position', async () => {
    const { events } = await world.append([an('paid'), an('paid'), an('paid')])
    const error = await errorOf(() => world.append(an('paid'), failIf([{ types: ['paid'] }], 1)))
    expect(error.violations).toEqual([{ kind: 'condition', id: events[1]?.id, position: 2, type: 'paid' }])
  })

  it('works in a store without events', async () => {
    await world.append(an('opened'), failIf([{ types: ['opened'] }], 0))
    expect(world.store.head()).toBe(1)
  })
}

function tellsRaces(world: World): void {
  it('opens a stream once', async () => {
    const none = expecting({ stream: 'orders', expectedRevision: 'none' })
    const { stored, codes } = await outcomesOf(Array.from({ length: 30 }, () => world.append(an('opened'), none)))
    expect(stored).toBe(1)
    expect(new Set(codes)).toEqual(new Set(['REVISION_CONFLICT']))
    expect(world.store.head()).toBe(1)
  })

  it('moves a stream from one revision once', async () => {
    await world.append(an('opened'))
    const zero = expecting({ stream: 'orders', expectedRevision: 0 })
    const { stored } = await outcomesOf(Array.from({ length: 30 }, () => world.append(an('paid'), zero)))
    expect(stored).toBe(1)
    expect(await world.store.stream('orders')).toMatchObject({ revision: 1 })
  })

  it('takes a seat once, across streams', async () => {
    const free = failIf([{ types: ['seat-taken'], tags: ['seat:12'] }])
    const appends = Array.from({ length: 30 }, (_, i) =>
      world.append(an('seat-taken', { stream: `guest-${i}`, tags: ['seat:12'] }), free),
    )
    const { stored, codes } = await outcomesOf(appends)
    expect(stored).toBe(1)
    expect(new Set(codes)).toEqual(new Set(['CONDITION_FAILED']))
  })

  it('lets chained expectations all pass when they were asked in order', async () => {
    const appends = Array.from({ length: 20 }, (_, i) =>
      world.append(an('counted'), expecting({ stream: 'orders', expectedRevision: i === 0 ? 'none' : i - 1 })),
    )
    expect(await outcomesOf(appends)).toEqual({ stored: 20, codes: [] })
  })

  it('lets a refused append disturb none beside it', async () => {
    const appends = Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0
        ? world.append(an('counted'))
        : world.append(an('refused'), expecting({ stream: 'nowhere', expectedRevision: 'exists' })),
    )
    expect((await outcomesOf(appends)).stored).toBe(20)
    expect(await world.types()).toEqual(Array.from({ length: 20 }, () => 'counted'))
  })
}
