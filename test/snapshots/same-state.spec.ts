// A snapshot and what came since make the very bytes that the whole history makes: whatever the events, the chain, the crash or the damage.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { JsonObject } from '../../src/contract/event.js'
import { LINKS_MAX } from '../../src/snapshots/shelf.js'
import { arbitraryJson, objectOf } from '../support/arbitrary-json.js'
import { FakeDisk } from '../support/fake-disk.js'
import { BenchOfStates, DIRECTORY, type Story } from './bench-of-states.js'

const FOLDS = [
  { reducer: 'merge' },
  { reducer: 'last' },
  { reducer: 'count' },
  { reducer: 'collect' },
  { reducer: 'set', key: 'data.a' },
  { reducer: 'merge', filter: { streams: ['s*'], types: ['T'] } },
] as const

/** Few keys, so that they are set, removed, set again in another order, and nested in each other. */
const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '1', '0', 'toJSON')
const { map: few } = fc.letrec<{ value: JsonObject | null | number | string; map: JsonObject }>(tie => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constantFrom(null, 0, -0, 1, 'x', 'y'), tie('map')) as never,
  map: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(pairs => objectOf([...new Map(pairs)] as never)),
}))

const story: fc.Arbitrary<Story> = fc.record({
  type: fc.constantFrom('T', 'U'),
  stream: fc.constantFrom('s', 's2', 'other'),
  data: fc.oneof({ weight: 4, arbitrary: few }, { weight: 1, arbitrary: arbitraryJson }),
})

/** A large state that hardly changes, so that differences are worth their while. */
const ballast: Story = {
  stream: 's',
  data: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${n}`, Math.sin(n)])),
}

const history = fc.array(fc.array(story, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 14 })
const disk = (seed = 1) => new FakeDisk({ seed, directories: ['/data'] })

async function expectSame(bench: BenchOfStates, asked: (typeof FOLDS)[number]): Promise<void> {
  const fold = asked as object
  for (let at = 0; at <= bench.store.head(); at++) {
    expect(await bench.answer({ ...fold, at })).toBe(await bench.answer({ ...fold, at, snapshots: false }))
  }
}

describe('the state from a snapshot', () => {
  test('is the state from all events, byte for byte, at every position', async () => {
    const used = { full: 0, differences: 0, replays: 0 }
    await fc.assert(
      fc.asyncProperty(history, fc.constantFrom(...FOLDS), fc.boolean(), async (batches, fold, isLarge) => {
        const bench = await BenchOfStates.open(disk())
        if (isLarge) await bench.append(ballast)
        for (const batch of batches) {
          await bench.append(...batch)
          await bench.keep(fold as object)
        }
        await expectSame(bench, fold)
        for (const { header } of bench.shelf.list()) used[header.base === null ? 'full' : 'differences']++
        used.replays += bench.snapshots.parts.counts.used
        expect(bench.snapshots.parts.counts).toMatchObject({ quarantined: 0, wrong: 0 })
      }),
      { numRuns: 120 },
    )
    expect(used.full).toBeGreaterThan(100)
    expect(used.differences).toBeGreaterThan(100)
    expect(used.replays).toBeGreaterThan(100)
  })

  test('is so across a long chain, which never has more than its links', async () => {
    const bench = await BenchOfStates.open(disk())
    await bench.append(ballast)
    for (let n = 0; n < 30; n++) {
      await bench.append({ data: { [`k${n}`]: n } })
      await bench.keep()
    }
    const links = bench.shelf.list().map(({ header }) => header.links)
    expect(Math.max(...links)).toBe(LINKS_MAX)
    expect(links.filter(count => count === 0).length).toBe(3)
    await expectSame(bench, FOLDS[0])
  })

  test('is so after the power went at any operation of the writing', async () => {
    const trial = async (dieAt?: number) => {
      const before = disk(dieAt)
      const bench = await BenchOfStates.open(before)
      await bench.append(ballast, { data: { a: 1 } })
      await bench.keep()
      await bench.append({ data: { b: 2 } })
      const begun = before.operations
      if (dieAt !== undefined) before.arm({ dieAt })
      await bench.keep().catch(() => undefined)
      await bench.append({ data: { c: 3 } })
      const operations = before.operations - begun
      const after = before.powered ? before.clone() : before.afterCrash(dieAt ?? 1)
      const again = await BenchOfStates.open(after, bench.store)
      await expectSame(again, FOLDS[0])
      expect(again.shelf.list().length).toBeGreaterThanOrEqual(1)
      expect(again.snapshots.registry.all).toHaveLength(1)
      expect(again.snapshots.parts.counts.quarantined).toBe(0)
      await again.keep()
      await expectSame(again, FOLDS[0])
      expect(await again.began()).toBe(again.store.head())
      return operations
    }
    const operations = await trial()
    expect(operations).toBeGreaterThan(10)
    for (let dieAt = 1; dieAt <= operations; dieAt++) await trial(dieAt)
  })

  test('is so when single operations fail, and the replay does not hear of it', async () => {
    for (let failAt = 1; failAt <= 30; failAt++) {
      const failing = disk(failAt)
      const bench = await BenchOfStates.open(failing)
      await bench.append(ballast)
      await bench.keep()
      await bench.append({ data: { a: 1 } })
      failing.arm({ failAt, code: 'EIO' })
      await bench.keep().catch(() => undefined)
      await expectSame(bench, FOLDS[0])
      failing.heal()
      await bench.append({ data: { b: 1 } })
      await bench.keep()
      await expectSame(bench, FOLDS[0])
    }
  })

  test('is so whatever bytes are damaged: at worst it is slower', async () => {
    let aside = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ file: fc.nat(), at: fc.nat(), mask: fc.integer({ min: 1, max: 255 }), cut: fc.boolean() }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.boolean(),
        async (damages, restart) => {
          const platter = disk()
          let bench = await BenchOfStates.open(platter)
          await bench.append(ballast)
          for (let n = 0; n < 5; n++) {
            await bench.append({ data: { [`k${n}`]: n } })
            await bench.keep()
          }
          const files = platter.files().filter(path => path.startsWith(DIRECTORY))
          for (const { file, at, mask, cut } of damages) {
            const path = files[file % files.length] as string
            const { length } = platter.bytes(path)
            if (length === 0) continue
            if (cut) platter.cut(path, at % length)
            else platter.flip(path, at % length, mask)
          }
          if (restart) bench = await BenchOfStates.open(platter, bench.store)
          await expectSame(bench, FOLDS[0])
          aside += bench.snapshots.parts.counts.quarantined
          await bench.append({ data: { more: 1 } })
          await bench.keep()
          await expectSame(bench, FOLDS[0])
          expect(await bench.began()).toBe(bench.store.head())
        },
      ),
      { numRuns: 150 },
    )
    expect(aside).toBeGreaterThan(50)
  })
})
