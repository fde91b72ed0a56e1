// Groups that were defined before a definition kept its scope and its consumers: written here as they were written then.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Access } from '../../src/auth/access.js'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import type { JsonObject } from '../../src/contract/event.js'
import type { Groups } from '../../src/groups/groups.service.js'
import { groupsOn } from './group-harness.js'

const ASKED = {
  filter: { types: ['task'] },
  after: 'start' as const,
  ackTimeoutSeconds: 3_600,
  maxAttempts: 5,
  maxInFlight: 1_000,
  ordering: 'none' as const,
  damaged: 'stop' as const,
}
const boss = new Access({ agentId: 'boss', role: 'agent' })
const worker = new Access({ agentId: 'worker', role: 'agent' })
const stranger = new Access({ agentId: 'stranger', role: 'agent' })

let store: MemoryStore
let groups: Groups
beforeEach(() => {
  store = new MemoryStore({ nodeId: 'n' })
})
afterEach(async () => {
  groups.draining.begin()
  await store.close()
})

async function wrote(type: string, name: string | undefined, data: JsonObject): Promise<void> {
  const about =
    name === undefined ? { data } : { tags: [`subscription:${name}`], data: { subscription: name, ...data } }
  await store.append({ events: [{ type, stream: '$subscriptions', ...about }], author: { agentId: '$service' } })
}

async function offered(stream: string): Promise<number> {
  const events = [{ type: 'task', stream, data: {} }]
  return (await store.append({ events, author: { agentId: 'writer' } })).lastPosition
}

const definition = { ...ASKED, start: 0, definedBy: 'boss' }

/** One event is out to the worker, as the old books tell it. */
async function group(): Promise<number> {
  const position = await offered('tasks')
  await wrote('SubscriptionDefined', 'old', { definition, lastNumber: 0 })
  const taken = { consumer: 'worker', firstNumber: 1, deadlineMs: Date.now() + 3_600_000, floor: 0 }
  await wrote('EventsTaken', 'old', { ...taken, events: [[position, 1, 'tasks']] })
  groups = groupsOn(store)
  return position
}

test('belong to whom the books name, and to those who were given their events', async () => {
  const position = await group()
  for (const access of [boss, worker]) {
    expect(await groups.view('old', access)).toMatchObject({
      definedBy: 'boss',
      consumers: { agents: ['worker'], roles: [] },
      progress: { inFlight: 1 },
    })
  }
  await expect(groups.view('old', stranger)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(groups.take('old', stranger, { max: 1, waitMs: 0 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await groups.define('old', ASKED, worker)).toBe(false)
  expect(await groups.ack('old', worker, [`${position}.1`])).toBe(1)
  await offered('tasks')
  expect(await groups.take('old', worker, { max: 9, waitMs: 0 })).toHaveLength(1)
})

test('name their consumers as soon as their owner does', async () => {
  await group()
  expect(await groups.define('old', { ...ASKED, consumers: { agents: ['stranger'], roles: [] } }, boss)).toBe(false)
  await expect(groups.view('old', worker)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await groups.view('old', stranger)).toMatchObject({ consumers: { agents: ['stranger'], roles: [] } })
  const next = groupsOn(store)
  expect(await next.view('old', stranger)).toMatchObject({ consumers: { agents: ['stranger'], roles: [] } })
  next.draining.begin()
})

test('read as they did, and tell each of what their own token covers', async () => {
  await group()
  const narrow = new Access({ agentId: 'worker', role: 'agent', permissions: { 'streams.subscribe': ['public_*'] } })
  const before = (await groups.view('old', narrow)).progress
  expect(before).toMatchObject({ inFlight: 0, lag: 0 })
  await offered('secret')
  expect((await groups.view('old', narrow)).progress).toMatchObject({ inFlight: 0, lag: 0 })
  expect(await groups.take('old', narrow, { max: 9, waitMs: 0 })).toEqual([])
  const shown = await offered('public_a')
  expect((await groups.view('old', narrow)).progress).toMatchObject({ floor: shown - 1 })
  expect(await groups.take('old', narrow, { max: 9, waitMs: 0 })).toMatchObject([{ event: { stream: 'public_a' } }])
})

test('count for their owner, though a list of all names did not say whose they were', async () => {
  for (let n = 0; n < 50; n++) await wrote('SubscriptionDefined', `g${n}`, { definition, lastNumber: 0 })
  await wrote('SubscriptionNames', undefined, { names: Array.from({ length: 50 }, (_, n) => `g${n}`) })
  groups = groupsOn(store)
  await expect(groups.define('one-more', ASKED, boss)).rejects.toMatchObject({ code: 'WORK_LIMIT' })
  expect(await groups.define('of-another', ASKED, stranger)).toBe(true)
  await groups.remove('g7', boss)
  expect(await groups.define('one-more', ASKED, boss)).toBe(true)
})

test('survive a whole state that was written then', async () => {
  await offered('tasks')
  const rows = [
    ['group', definition, 7, 0],
    ['out', 1, 1, 'tasks', null, 7, Date.now() + 3_600_000, 'worker'],
  ] as unknown as JsonObject[]
  await wrote('SubscriptionNames', undefined, { names: ['old'] })
  await wrote('SubscriptionState', 'old', { part: 0, parts: 1, rows })
  groups = groupsOn(store)
  expect(await groups.ack('old', worker, ['1.7'])).toBe(1)
  await groups.rewrite()
  const next = groupsOn(store)
  expect(await next.view('old', worker)).toMatchObject({ definedBy: 'boss', progress: { inFlight: 0 } })
  next.draining.begin()
})
