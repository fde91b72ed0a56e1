// What is the memory backend's own: what it says of itself, and whom it tells.
import { describe, expect, it } from '@jest/globals'
import { ManualClock } from '../../../test/support/manual-clock.js'
import { StoreError } from '../../contract/errors.js'
import type { Observer } from '../../contract/observer.js'
import { MemoryStore } from './memory-store.js'

const opened = { events: [{ type: 'opened', stream: 'orders', data: { total: 1 } }], author: { agentId: 'a1' } }

describe('the memory backend', () => {
  it('promises nothing beyond its life', async () => {
    const store = new MemoryStore({ nodeId: 'node-1' })
    expect(await store.append(opened)).toMatchObject({ durability: 'memory' })
    expect(store.status()).toMatchObject({ backend: 'memory', details: { events: 1, keys: 0 } })
  })

  it('refuses a node id that cannot stand in an event id', () => {
    for (const nodeId of ['', 'node_1', 'n'.repeat(33)]) expect(() => new MemoryStore({ nodeId })).toThrow(StoreError)
  })

  it('tells its observer of appends and of its end', async () => {
    const told: unknown[] = []
    const observer: Observer = { appended: batch => told.push(batch), writeState: state => told.push(state.writable) }
    const store = new MemoryStore({ nodeId: 'node-1', clock: new ManualClock(), observer })
    await store.append(opened)
    await store.close()
    await store.close()
    expect(told).toEqual([{ events: 1, bytes: 8, syncMs: 0, head: 1 }, false])
  })

  it('hands out what nobody can change', async () => {
    const store = new MemoryStore({ nodeId: 'node-1' })
    const answer = await store.append({ ...opened, key: 'k1' })
    const event = await store.find(1)
    for (const part of [answer.events, answer.events[0], event, event?.data, event?.tags]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })
})
