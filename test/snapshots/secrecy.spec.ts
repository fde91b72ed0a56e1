// No snapshot tells a token what it may not read: whoever made it, and whatever else is kept.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Access } from '../../src/auth/access.js'
import type { ReplayDto } from '../../src/folding/replay.dto.js'
import { tries } from '../support/effort.js'
import { FakeDisk } from '../support/fake-disk.js'
import { OPERATOR, StateFixture } from './state-fixture.js'

const STREAMS = ['team_a', 'team_b', 'team_a2', 'secret', 'x'] as const
const patterns = fc.uniqueArray(fc.constantFrom('*', '$*', 'team_*', 'team_a', 'team_a*', '*a', 'x', 'secret', '*_*'), {
  maxLength: 4,
})
const reader = patterns.map(
  of => new Access({ agentId: 'r', role: 'agent', permissions: { 'events.read': of, 'admin.write': ['*'] } }),
)
const asked: fc.Arbitrary<Partial<ReplayDto>> = fc.record({
  reducer: fc.constantFrom('merge', 'collect', 'count'),
  filter: fc.oneof(fc.constant({}), fc.record({ streams: patterns.filter(some => some.length > 0) })),
})
const events = fc.array(
  fc.constantFrom(...STREAMS).map(stream => ({ stream, data: { [stream]: `told in ${stream}` } })),
  { minLength: 1, maxLength: 8 },
)
const open = () => StateFixture.open(new FakeDisk({ seed: 1, directories: ['/data'] }))

describe('with snapshots of any tokens', () => {
  test('every token is answered what it is answered without them', async () => {
    let used = 0
    await fc.assert(
      fc.asyncProperty(
        events,
        fc.array(fc.tuple(asked, reader), { minLength: 1, maxLength: 5 }),
        fc.array(reader, { minLength: 1, maxLength: 3 }),
        async (stories, kept, others) => {
          const fixture = await open()
          await fixture.projections.define('all', { on: { '*': [{ op: 'append', path: '/seen', from: 'data' }] } }, 'o')
          await fixture.append(...stories)
          for (const [fold, access] of kept) await fixture.keep(fold, access)
          await fixture.keep({ projection: 'all' })
          await fixture.append(...stories)
          const folds = [...kept.map(([fold]) => fold), { projection: 'all' }]
          for (const access of [...others, ...kept.map(([, by]) => by), OPERATOR]) {
            for (const fold of folds) {
              const plain = await fixture.answer({ ...fold, snapshots: false }, access)
              expect(await fixture.answer(fold, access)).toBe(plain)
            }
            for (const { id, header } of fixture.shelf.list()) {
              const shown = await fixture.snapshots.state(id, access).catch(() => undefined)
              for (const stream of STREAMS) {
                if (access.covers('events.read', stream)) continue
                expect(JSON.stringify(shown?.state ?? null)).not.toContain(`told in ${stream}`)
              }
              expect(shown === undefined).toBe(!fixture.snapshots.mayRead({ header } as never, access))
            }
          }
          used += fixture.snapshots.counts.used
        },
      ),
      { numRuns: tries(150, 50) },
    )
    expect(used).toBeGreaterThan(100)
  })

  test('one is used by a token that may read all of it, though it was made for another', async () => {
    const fixture = await open()
    await fixture.append({ stream: 'team_a', data: { a: 1 } }, { stream: 'secret', data: { b: 2 } })
    const narrow = new Access({ agentId: 'n', role: 'agent', permissions: { 'events.read': ['team_*'] } })
    const fold = { filter: { streams: ['team_a'] } }
    await fixture.keep(fold)
    expect(await fixture.began(fold, narrow)).toBe(2)
    expect(await fixture.began({}, narrow)).toBeUndefined()
    await fixture.keep({}, OPERATOR)
    expect(await fixture.began({}, narrow)).toBeUndefined()
    expect(await fixture.replay({}, narrow)).toMatchObject({ state: { a: 1 }, events: 1 })
    await fixture.keep({}, narrow)
    expect(await fixture.replay({}, narrow)).toMatchObject({ state: { a: 1 }, snapshot: { position: 2 } })
    expect(await fixture.replay({}, OPERATOR)).toMatchObject({ state: { a: 1, b: 2 }, events: 2 })
  })
})
