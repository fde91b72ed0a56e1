// Snapshots and what happens to them: long chains, power that goes, operations that fail, bytes that change. The answer is the same, at worst later.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LINKS_MAX } from '../../src/snapshots/snapshot-store.js'
import { tries } from '../support/effort.js'
import { FakeDisk } from '../support/fake-disk.js'
import { DIRECTORY, StateFixture } from './state-fixture.js'
import { ballast } from './stories.js'

const MERGE = { reducer: 'merge' } as const
const disk = (seed = 1) => new FakeDisk({ seed, directories: ['/data'] })

async function expectSame(fixture: StateFixture): Promise<void> {
  for (let at = 0; at <= fixture.store.head(); at++) {
    expect(await fixture.answer({ ...MERGE, at })).toBe(await fixture.answer({ ...MERGE, at, snapshots: false }))
  }
}

describe('the state with snapshots', () => {
  test('is the same across a long chain, which never has more than its links', async () => {
    const fixture = await StateFixture.open(disk())
    await fixture.append(ballast)
    for (let n = 0; n < 30; n++) {
      await fixture.append({ data: { [`k${n}`]: n } })
      await fixture.keep()
    }
    const links = fixture.shelf.list().map(({ header }) => header.links)
    expect(Math.max(...links)).toBe(LINKS_MAX)
    expect(links.filter(count => count === 0).length).toBe(3)
    await expectSame(fixture)
  })

  test('is so after the power went at any operation of the writing', async () => {
    const trial = async (dieAt?: number) => {
      const before = disk(dieAt)
      const fixture = await StateFixture.open(before)
      await fixture.append(ballast, { data: { a: 1 } })
      await fixture.keep()
      await fixture.append({ data: { b: 2 } })
      const begun = before.operations
      if (dieAt !== undefined) before.arm({ dieAt })
      await fixture.keep().catch(() => undefined)
      await fixture.append({ data: { c: 3 } })
      const operations = before.operations - begun
      const after = before.powered ? before.clone() : before.afterCrash(dieAt ?? 1)
      const again = await StateFixture.open(after, fixture.store)
      await expectSame(again)
      expect(again.shelf.list().length).toBeGreaterThanOrEqual(1)
      expect(again.snapshots.registry.all).toHaveLength(1)
      expect(again.snapshots.counts.quarantined).toBe(0)
      await again.keep()
      await expectSame(again)
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
      const fixture = await StateFixture.open(failing)
      await fixture.append(ballast)
      await fixture.keep()
      await fixture.append({ data: { a: 1 } })
      failing.arm({ failAt, code: 'EIO' })
      await fixture.keep().catch(() => undefined)
      await expectSame(fixture)
      failing.heal()
      await fixture.append({ data: { b: 1 } })
      await fixture.keep()
      await expectSame(fixture)
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
          let fixture = await StateFixture.open(platter)
          await fixture.append(ballast)
          for (let n = 0; n < 5; n++) {
            await fixture.append({ data: { [`k${n}`]: n } })
            await fixture.keep()
          }
          const files = platter.files().filter(path => path.startsWith(DIRECTORY))
          for (const { file, at, mask, cut } of damages) {
            const path = files[file % files.length] as string
            const { length } = platter.bytes(path)
            if (length === 0) continue
            if (cut) platter.cut(path, at % length)
            else platter.flip(path, at % length, mask)
          }
          if (restart) fixture = await StateFixture.open(platter, fixture.store)
          await expectSame(fixture)
          aside += fixture.snapshots.counts.quarantined
          await fixture.append({ data: { more: 1 } })
          await fixture.keep()
          await expectSame(fixture)
          expect(await fixture.began()).toBe(fixture.store.head())
        },
      ),
      { numRuns: tries(150, 50) },
    )
    expect(aside).toBeGreaterThan(50)
  })
})
