// What is told of an append whose condition failed when the events that could be named cannot be read.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { WatchedStore } from '../../test/support/memory-store.js'
import { Access } from '../auth/access.js'
import { StoreError } from '../contract/errors.js'
import type { RecordedEvent } from '../contract/event.js'
import type { AppendRequest } from '../contract/event-store.js'
import { withoutHidden } from './write-scope.js'

class UnreadableStore extends WatchedStore {
  // biome-ignore lint/correctness/useYield: it fails before the first event.
  override async *read(): AsyncGenerator<RecordedEvent, void, void> {
    throw new StoreError('STORAGE_UNAVAILABLE', 'the disk does not answer')
  }
}

let store: UnreadableStore
const spy = new Access({
  agentId: 'spy',
  role: 'agent',
  permissions: { 'events.read': ['own'], 'events.write': ['own'] },
})
const author = { agentId: 'spy' }
const condition = { failIfEventsMatch: { items: [{ types: ['deal.signed'] }] } }

beforeEach(async () => {
  store = new UnreadableStore()
  await store.append({ events: [{ type: 'deal.signed', stream: 'customers', data: {} }], author })
})
afterEach(() => store.close())

async function refusal(parts: Partial<AppendRequest> = {}): Promise<StoreError> {
  const events = [{ type: 'task.done', stream: 'agent_spy', data: {} }]
  const refused: unknown = await store.append({ events, author, condition, ...parts }).catch((error: unknown) => error)
  if (refused instanceof StoreError) return refused
  throw new Error('it was stored')
}

test('the failure itself, and not that a hidden event stood in the way', async () => {
  const told = withoutHidden(await refusal(), { events: [], condition }, spy, store)
  await expect(told).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
})

test('the expectation that failed besides, as ever', async () => {
  const expectations = [{ stream: 'agent_spy', expectedRevision: 7 }]
  const told = await withoutHidden(await refusal({ expectations }), { events: [], condition }, spy, store)
  expect(told).toMatchObject({ tellsOfHidden: false, error: { code: 'REVISION_CONFLICT' } })
  expect(told.error.violations).toEqual([expect.objectContaining({ kind: 'revision' })])
})
