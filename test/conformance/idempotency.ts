// Conformance: an idempotency key makes an append happen once, whatever is sent again.
import { describe, expect, it } from '@jest/globals'
import type { ConditionItem } from '../../src/contract/condition.js'
import { StoreError } from '../../src/contract/errors.js'
import type { AppendRequest } from '../../src/contract/event-store.js'
import { PackedMap } from '../../src/record/codec/scan.js'
import { HOUR, YEAR } from '../support/manual-clock.js'
import { an, codeOf, outcomesOf, type World } from './vocabulary.js'

export function describeIdempotency(world: World, facts: { readonly survivesReopening: boolean }): void {
  describe('an idempotency key', () => {
    tellsRepeats(world)
    tellsSpellings(world)
    tellsReuse(world)
    tellsRefusals(world)
    tellsKeyLife(world)
    if (facts.survivesReopening) tellsReopening(world)
  })
}

function tellsRepeats(world: World): void {
  it('answers a repeat with the first answer', async () => {
    const first = await world.append([an('opened'), an('paid')], { key: 'k1' })
    await world.append(an('between'))
    expect(await world.append([an('opened'), an('paid')], { key: 'k1' })).toEqual({ ...first, duplicate: true })
    expect(await world.types()).toEqual(['opened', 'paid', 'between'])
  })

  it('is decided before the expected revision and the condition', async () => {
    const request = {
      key: 'k1',
      expectations: [{ stream: 'orders', expectedRevision: 'none' as const }],
      condition: { failIfEventsMatch: { items: [{ types: ['opened'] }] } },
    }
    const first = await world.append(an('opened'), request)
    expect(await world.append(an('opened'), request)).toEqual({ ...first, duplicate: true })
  })

  it('stores once what is sent many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.append(an('opened'), { key: 'k1' })))
    expect(answers.filter(answer => !answer.duplicate)).toHaveLength(1)
    expect(new Set(answers.map(answer => answer.firstPosition))).toEqual(new Set([1]))
    expect(world.store.head()).toBe(1)
  })

  it('is not used up by an append that was refused', async () => {
    const stale = { key: 'k1', expectations: [{ stream: 'orders', expectedRevision: 0 }] }
    expect(await codeOf(() => world.append(an('paid'), stale))).toBe('REVISION_CONFLICT')
    await world.append(an('opened'))
    expect(await world.append(an('paid'), stale)).toMatchObject({ duplicate: false, firstPosition: 2 })
  })

  it('leaves appends without a key alone', async () => {
    await world.append(an('opened'))
    expect(await world.append(an('opened'))).toMatchObject({ duplicate: false, firstPosition: 2 })
  })
}

type Required = Pick<AppendRequest, 'expectations' | 'condition'>
const failIf = (items: readonly ConditionItem[], after?: number): Required => ({
  condition: { failIfEventsMatch: { items }, ...(after === undefined ? {} : { after }) },
})

function tellsSpellings(world: World): void {
  it.each<[string, Required, Required]>([
    [
      'the items of a condition',
      failIf([{ types: ['x'] }, { tags: ['t'] }]),
      failIf([{ tags: ['t'] }, { types: ['x'] }]),
    ],
    [
      'its types and tags',
      failIf([{ types: ['x', 'y'], tags: ['t', 'u'] }]),
      failIf([{ tags: ['u', 't'], types: ['y', 'x'] }]),
    ],
    ['what it names twice', failIf([{ types: ['x', 'x'] }, { types: ['x'] }]), failIf([{ types: ['x'] }])],
    ['its empty lists', failIf([{ types: ['x'], tags: [] }]), failIf([{ types: ['x'] }])],
    ['where it begins', failIf([{ types: ['x'] }], 0), failIf([{ types: ['x'] }])],
    [
      'its fields',
      failIf([{ types: ['x'] }], 1),
      { condition: { after: 1, ...failIf([{ types: ['x'] }]).condition } as never },
    ],
    [
      'its expectations',
      {
        expectations: [
          { stream: 'a', expectedRevision: 'none' },
          { stream: 'b', expectedRevision: 'any' },
        ],
      },
      {
        expectations: [
          { expectedRevision: 'any', stream: 'b' },
          { expectedRevision: 'none', stream: 'a' },
        ],
      },
    ],
    ['that it expects nothing', { expectations: [] }, {}],
  ])('knows a repeat however it spells %s', async (_, first, again) => {
    const answer = await world.append(an('opened'), { key: 'k1', ...first })
    expect(await world.append(an('opened'), { key: 'k1', ...again })).toEqual({ ...answer, duplicate: true })
  })

  it('knows a repeat without the lists that were empty', async () => {
    const answer = await world.append(an('opened', { tags: [], parents: [] }), { key: 'k1' })
    expect(await world.append(an('opened'), { key: 'k1' })).toEqual({ ...answer, duplicate: true })
  })

  it.each<[string, Required, Required]>([
    ['other tags', failIf([{ tags: ['t'] }]), failIf([{ tags: ['u'] }])],
    [
      'tags that are together in another item',
      failIf([{ tags: ['t', 'u'] }]),
      failIf([{ tags: ['t'] }, { tags: ['u'] }]),
    ],
    ['types that were tags', failIf([{ tags: ['t'] }]), failIf([{ types: ['t'] }])],
    ['another beginning', failIf([{ tags: ['t'] }]), failIf([{ tags: ['t'] }], 1)],
    [
      'another revision',
      { expectations: [{ stream: 'a', expectedRevision: 'none' }] },
      { expectations: [{ stream: 'a', expectedRevision: 'any' }] },
    ],
  ])('refuses a request that requires something else: %s', async (_, first, again) => {
    await world.append(an('opened'), { key: 'k1', ...first })
    expect(await codeOf(() => world.append(an('opened'), { key: 'k1', ...again }))).toBe('KEY_REUSED')
  })
}

function tellsRefusals(world: World): void {
  const refusal = new StoreError('MODE_FORBIDS', 'appends wait')

  it('answers a repeat with the first answer where the mode forbids appends, and refuses all else', async () => {
    const first = await world.append([an('opened'), an('paid')], { key: 'k1' })
    expect(await world.append([an('opened'), an('paid')], { key: 'k1', refusal })).toEqual({
      ...first,
      duplicate: true,
    })
    expect(await codeOf(() => world.append(an('other'), { key: 'k1', refusal }))).toBe('KEY_REUSED')
    expect(await codeOf(() => world.append(an('opened'), { key: 'k2', refusal }))).toBe('MODE_FORBIDS')
    expect(await codeOf(() => world.append(an('opened'), { refusal }))).toBe('MODE_FORBIDS')
    expect(await world.append(an('seen'), { key: 'k2' })).toMatchObject({ duplicate: false, firstPosition: 3 })
  })

  it('does not tell an append that the mode forbids whether its expectation or condition holds', async () => {
    await world.append(an('opened'))
    const expectations = [{ stream: 'orders', expectedRevision: 'none' as const }]
    const condition = { failIfEventsMatch: { items: [{ types: ['opened'] }] } }
    const stale = { key: 'k1', expectations, condition, refusal }
    expect(await codeOf(() => world.append(an('paid'), stale))).toBe('MODE_FORBIDS')
  })

  it('answers the repeat of an append that is still waiting as that append is answered', async () => {
    const answers = await Promise.all([
      world.append(an('opened'), { key: 'k1' }),
      world.append(an('opened'), { key: 'k1', refusal }),
    ])
    expect(answers.map(({ duplicate }) => duplicate)).toEqual([false, true])
  })
}

function tellsReuse(world: World): void {
  it.each([
    ['other data', () => world.append(an('opened', { data: { total: 2 } }), { key: 'k1' })],
    ['another type', () => world.append(an('paid', { data: { total: 1 } }), { key: 'k1' })],
    ['another stream', () => world.append(an('opened', { stream: 'b', data: { total: 1 } }), { key: 'k1' })],
    ['one event more', () => world.append([an('opened', { data: { total: 1 } }), an('paid')], { key: 'k1' })],
    ['tags', () => world.append(an('opened', { data: { total: 1 }, tags: ['t'] }), { key: 'k1' })],
    ['metadata', () => world.append(an('opened', { data: { total: 1 }, metadata: {} }), { key: 'k1' })],
    [
      'an expectation',
      () =>
        world.append(an('opened', { data: { total: 1 } }), {
          key: 'k1',
          expectations: [{ stream: 'orders', expectedRevision: 0 }],
        }),
    ],
    [
      'a condition',
      () =>
        world.append(an('opened', { data: { total: 1 } }), {
          key: 'k1',
          condition: { failIfEventsMatch: { items: [{ types: ['x'] }] } },
        }),
    ],
  ])('refuses another request: %s', async (_, again) => {
    await world.append(an('opened', { data: { total: 1 } }), { key: 'k1' })
    expect(await codeOf(again)).toBe('KEY_REUSED')
    expect(world.store.head()).toBe(1)
  })

  it('refuses another request at the same moment', async () => {
    const appends = [an('opened'), an('paid')].map(event => world.append(event, { key: 'k1' }))
    expect(await outcomesOf(appends)).toEqual({ stored: 1, codes: ['KEY_REUSED'] })
  })

  it('belongs to an agent: another one may use the same', async () => {
    await world.append(an('opened'), { key: 'k1' })
    const other = await world.append(an('paid'), { key: 'k1', author: { agentId: 'a2' } })
    expect(other).toMatchObject({ duplicate: false, firstPosition: 2 })
  })

  it('knows a repeat although it comes in another request of the same agent', async () => {
    await world.append(an('opened'), { key: 'k1', author: { agentId: 'a1', correlationId: 'first' } })
    const again = await world.append(an('opened'), { key: 'k1', author: { agentId: 'a1', correlationId: 'second' } })
    expect(again.duplicate).toBe(true)
  })

  it('knows a repeat of packed data', async () => {
    const packed = () => an('opened', { data: new PackedMap(Uint8Array.of(0x81, 0xa1, 0x61, 0x01)) })
    await world.append(packed(), { key: 'k1' })
    expect((await world.append(packed(), { key: 'k1' })).duplicate).toBe(true)
  })
}

function tellsKeyLife(world: World): void {
  const again = () => world.append(an('opened'), { key: 'k1' })

  it('is kept for twenty-four hours', async () => {
    await again()
    world.clock.pass(24n * HOUR - 1n)
    expect((await again()).duplicate).toBe(true)
  })

  it('is forgotten after twenty-four hours', async () => {
    await again()
    world.clock.pass(24n * HOUR + HOUR)
    expect(await again()).toMatchObject({ duplicate: false, firstPosition: 2 })
    expect((await again()).firstPosition).toBe(2)
  })

  it.each([
    ['back by two days', -48n * HOUR],
    ['ahead by a day and an hour', 25n * HOUR],
    ['ahead by ten years', 10n * YEAR],
  ])('is kept when the wall clock steps %s, whatever is stamped meanwhile', async (_, step) => {
    const first = await again()
    world.clock.move(step)
    expect(await again()).toEqual({ ...first, duplicate: true })
    await world.append(an('between'), { key: 'k2' })
    world.clock.pass(23n * HOUR)
    expect(await again()).toEqual({ ...first, duplicate: true })
    expect((await world.append(an('between'), { key: 'k2' })).duplicate).toBe(true)
  })

  it('is kept for as long although the wall clock has been behind for days', async () => {
    await again()
    world.clock.move(-10n * YEAR)
    world.clock.pass(72n * HOUR)
    const late = await world.append(an('late'), { key: 'k2' })
    world.clock.pass(23n * HOUR)
    expect(await world.append(an('late'), { key: 'k2' })).toEqual({ ...late, duplicate: true })
  })
}

function tellsReopening(world: World): void {
  it('is kept while the store is closed', async () => {
    const first = await world.append([an('opened'), an('paid')], { key: 'k1' })
    await world.append(an('between'))
    await world.reopen()
    expect(await world.append([an('opened'), an('paid')], { key: 'k1' })).toEqual({ ...first, duplicate: true })
    expect(await codeOf(() => world.append(an('other'), { key: 'k1' }))).toBe('KEY_REUSED')
    expect(world.store.head()).toBe(3)
  })

  it.each([25n * HOUR, 10n * YEAR, -25n * HOUR])(
    'is kept when the clock steps by %d ns and the store is opened again',
    async step => {
      const first = await world.append(an('opened'), { key: 'k1' })
      world.clock.move(step)
      await world.reopen()
      expect(await world.append(an('opened'), { key: 'k1' })).toEqual({ ...first, duplicate: true })
      world.clock.pass(23n * HOUR)
      expect((await world.append(an('opened'), { key: 'k1' })).duplicate).toBe(true)
    },
  )

  it('is forgotten after twenty-four hours, opened again or not', async () => {
    await world.append(an('opened'), { key: 'k1' })
    world.clock.pass(12n * HOUR)
    await world.append(an('between'))
    await world.reopen()
    world.clock.pass(13n * HOUR)
    expect((await world.append(an('opened'), { key: 'k1' })).duplicate).toBe(false)
  })
}
