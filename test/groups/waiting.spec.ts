// Groups with consumers that wait: what an append costs them, what they keep in memory, and that they miss nothing.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Access } from '../../src/auth/access.js'
import type { Groups } from '../../src/subscriptions/groups/groups.service.js'
import { WatchedStore } from '../support/memory-store.js'
import { DEFINED, groupsOn } from './group-desk.js'

let store: WatchedStore
let groups: Groups
const boss = new Access({ agentId: 'boss', role: 'agent' })
beforeEach(() => {
  store = new WatchedStore()
  groups = groupsOn(store)
})
afterEach(async () => {
  groups.onModuleDestroy()
  await store.close()
})

const offer = (type: string, stream = 'tasks', count = 1) =>
  store.append({
    events: Array.from({ length: count }, () => ({ type, stream, data: {} })),
    author: { agentId: 'writer' },
  })

/** Everything that was begun has come as far as it goes by itself. */
async function rest(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise(setImmediate)
}

test('an append asks no group that waits for something else', async () => {
  const waiting: Promise<unknown>[] = []
  for (let n = 0; n < 40; n++) {
    await groups.define(`g${n}`, { ...DEFINED, filter: { types: [`task-${n}`] }, after: 'head' }, boss)
    waiting.push(groups.take(`g${n}`, boss, { max: 1, waitMs: 60_000 }))
  }
  await rest()
  const before = store.reads
  for (let n = 0; n < 50; n++) {
    await offer('noise')
    await rest()
  }
  // The feed reads what is new once, for all.
  expect(store.reads - before).toBeLessThanOrEqual(50)
  for (let n = 0; n < 40; n++) await offer(`task-${n}`)
  expect(await Promise.all(waiting)).toMatchObject(
    Array.from({ length: 40 }, (_, n) => [{ event: { type: `task-${n}` } }]),
  )
})
