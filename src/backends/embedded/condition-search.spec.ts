// A search that is interrupted at every step finds what one look at everything finds, whatever is stored, archived and retired meanwhile.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AgedStore } from '../../../test/support/aged-store.js'
import { tries } from '../../../test/support/effort.js'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { DAY, ManualClock } from '../../../test/support/manual-clock.js'
import { type ConditionItem, itemMatches } from '../../contract/condition.js'
import type { NewEvent, RecordedEvent } from '../../contract/event.js'
import { ConditionSearch, type Patience } from './condition-search.js'
import type { Log } from './engine/log.js'
import { withIndexRepair } from './with-index-repair.js'

const NONE: Patience = { isOver: true }
const ENDLESS: Patience = { isOver: false }
const RUN_MS = 5_000
/** A quick machine need not search for as long as a busy one. */
const RUNS = tries(100_000, 20)

const type = fc.constantFrom('opened', 'paid', 'closed')
const tag = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const item: fc.Arbitrary<ConditionItem> = fc
  .record({ types: fc.array(type, { maxLength: 3 }), tags: fc.array(tag, { maxLength: 5 }) })
  .filter(({ types, tags }) => types.length + tags.length > 0)
const event: fc.Arbitrary<NewEvent> = fc.record({
  type,
  stream: fc.constant('s'),
  data: fc.constant({}),
  tags: fc.uniqueArray(tag, { maxLength: 4 }),
})
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant('look' as const) },
  { weight: 3, arbitrary: fc.array(event, { minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.constant('a day' as const) },
  { weight: 2, arbitrary: fc.constant('upkeep' as const) },
)

async function firstOf(aged: AgedStore, items: readonly ConditionItem[], after: number): Promise<number | undefined> {
  const matching = (found: RecordedEvent) => found.position > after && items.some(one => itemMatches(one, found))
  for await (const found of aged.store.read({})) if (matching(found)) return found.position
  return undefined
}

test('interrupted at every step, it finds the same', async () => {
  let retired = 0
  let lives = 0
  const property = fc.asyncProperty(
    fc.record({ items: fc.array(item, { minLength: 1, maxLength: 8 }), after: fc.nat(30) }),
    fc.array(step, { minLength: 5, maxLength: 40 }),
    async ({ items, after }, steps) => {
      const disk = new FakeDisk({ directories: ['/'] })
      const days = { archiveAfterDays: 1, retainArchivesDays: 2 }
      const aged = await AgedStore.open(disk, '/data', new ManualClock(), days)
      const { log } = aged.store as unknown as { readonly log: Log }
      const search = new ConditionSearch({ failIfEventsMatch: { items }, after })
      const looks = (patience: Patience) => withIndexRepair(log, () => search.advance(log, patience))
      // Old enough that upkeep has something to remove.
      for (let day = 0; day < 6; day++) await aged.day()
      for (let pass = 0; pass < 4; pass++) await aged.store.maintenance.pass()
      for (const one of steps) {
        if (one === 'look') await looks(NONE)
        else if (one === 'a day') aged.clock.pass(DAY)
        else if (one === 'upkeep') await aged.store.maintenance.pass()
        else await aged.store.append({ events: one, author: { agentId: 'a' } })
      }
      let left = 10_000
      while (!(await looks(NONE)) && left > 0) left--
      expect(left).toBeGreaterThan(0)
      expect(search.isThrough(log)).toBe(true)
      const atOnce = new ConditionSearch({ failIfEventsMatch: { items }, after })
      expect(atOnce.advance(log, ENDLESS)).toBe(true)
      const expected = await firstOf(aged, items, after)
      expect([search.found?.position, atOnce.found?.position]).toEqual([expected, expected])
      retired += aged.told.retired.length
      lives++
      await aged.store.close()
    },
  )
  await fc.assert(property, { interruptAfterTimeLimit: RUN_MS, numRuns: RUNS, markInterruptAsFailure: false })
  expect(lives).toBeGreaterThan(5)
  expect(retired).toBeGreaterThan(0)
}, 60_000)
