// Definitions on a log that forgets its beginning, and on one that takes no appends.
import { describe, expect, test } from '@jest/globals'
import { WatchedStore } from '../../test/support/memory-store.js'
import { loadSettings } from '../config/load-settings.js'
import type { RecordedEvent } from '../contract/event.js'
import type { ReadRequest } from '../contract/event-store.js'
import { Projections } from '../folding/projections.service.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { Upcasting } from '../upcasting/upcasting.service.js'

/** Whatever lies at or before the floor has been removed. */
class ForgetfulStore extends WatchedStore {
  floor = 0

  override read(request: ReadRequest): AsyncIterable<RecordedEvent> {
    return super.read({ ...request, after: Math.max(request.after ?? 0, this.floor) })
  }

  override async find(key: number | string): Promise<RecordedEvent | undefined> {
    const event = await super.find(key)
    return event !== undefined && event.position > this.floor ? event : undefined
  }
}

const definition = (value: number) => ({ on: { T: [{ op: 'set', path: '/v', value }] } })
const steps = [{ from: 1, to: 2, ops: [{ op: 'remove', path: '/x' }] }]
const settingsWith = (days: number) =>
  loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_RETAIN_ARCHIVES_DAYS: `${days}` })

async function filled() {
  const store = new ForgetfulStore()
  const [projections, upcasting] = [new Projections(store), new Upcasting(store)]
  for (let n = 0; n < 120; n++) await projections.define(`p${n}`, definition(n), 'ada')
  await projections.define('p7', definition(77), 'bob')
  await projections.remove('p8', 'bob')
  await upcasting.define('T', { steps }, 'ada')
  return { store, projections, upcasting, end: store.head() }
}

describe('definitions on a log with retention', () => {
  test('outlive what is removed: versions, authors and times as they were', async () => {
    const { store, projections, upcasting, end } = await filled()
    const before = [(await projections.definitions.log()).current, (await upcasting.definitions.log()).current]
    const retention = new RetentionRewrite(settingsWith(1))
    retention.begin('projections', () => projections.definitions.stream.rewrite())
    retention.begin('upcasters', () => upcasting.definitions.stream.rewrite())
    // All there are and were, and an upcaster.
    while (store.head() < end + 121) await store.beyond(store.head())
    retention.onModuleDestroy()
    await projections.definitions.stream.rewrite()
    const [live, later] = [projections, new Projections(store)]
    store.floor = end
    for (const known of [live, later]) {
      expect((await known.definitions.log()).current).toEqual(before[0])
      expect(await known.one('p7', 2)).toMatchObject({ version: 2, definedBy: 'bob', definition: definition(77) })
      await expect(known.one('p7', 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(known.one('p8')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    expect((await new Upcasting(store).definitions.log()).current).toEqual(before[1])
    // A number that was used is not used for something else.
    expect((await later.define('p8', definition(8), 'ada')).version.version).toBe(3)
  })

  test('are left alone where nothing is removed', async () => {
    const { store, projections, end } = await filled()
    const retention = new RetentionRewrite(settingsWith(0))
    retention.begin('projections', () => projections.definitions.stream.rewrite())
    await projections.define('another', definition(0), 'ada')
    expect(store.head()).toBe(end + 1)
    retention.onModuleDestroy()
  })
})

test('a definition that could not be stored is not in force, and the next one can be', async () => {
  const { store, projections } = await filled()
  const append = store.append.bind(store)
  store.append = () => Promise.reject(new Error('the disk is gone'))
  await expect(projections.define('p7', definition(78), 'ada')).rejects.toThrow('the disk is gone')
  expect(await projections.one('p7')).toMatchObject({ version: 2, definition: definition(77) })
  store.append = append
  expect((await projections.define('p7', definition(79), 'ada')).version).toMatchObject({ version: 3 })
})
