// The writer in the cases that only a hostile reader thinks of: what is answered is what happened.
import { describe, expect, it } from '@jest/globals'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import type { AppendRequest } from '../../contract/event-store.js'
import { Pressure } from '../../contract/pressure.js'
import { QUEUE_LIMITS } from './commit-queue.js'
import { type EmbeddedStore, openEmbedded } from './embedded-store.js'
import type { EmbeddedOptions } from './options.js'

const author = { agentId: 'agent-1' }

function of(...streams: string[]): AppendRequest {
  return { author, events: streams.map(stream => ({ type: 'Noted', stream, data: {}, tags: ['noted'] })) }
}

async function open(options: Partial<EmbeddedOptions> = {}, disk = new FakeDisk()): Promise<EmbeddedStore> {
  const small = { presizeBytes: 0, reserveBytes: 0, idleMarkMs: 0 }
  return openEmbedded({ directory: '/data', nodeId: 'n1', disk, ...small, ...options })
}

async function revisions(store: EmbeddedStore, stream: string): Promise<number[]> {
  const found: number[] = []
  for await (const event of store.read({ filter: { streams: [stream] } })) found.push(event.revision)
  return found
}

describe('a stream', () => {
  it('goes on by one, however many streams came between', async () => {
    const store = await open({ cachedStreams: 2 })
    for (const stream of ['hot', 'a', 'b', 'c']) await store.append(of(stream))
    const { events } = await store.append(of('hot', 'new', 'd', 'e', 'hot'))
    expect(events.map(event => event.revision)).toEqual([1, 0, 0, 0, 2])
    await Promise.all([store.append(of('hot')), store.append(of('x', 'y', 'z')), store.append(of('hot'))])
    expect(await revisions(store, 'hot')).toEqual([0, 1, 2, 3, 4])
    await store.close()
  })
})

describe('an observer that throws', () => {
  it('changes nothing of what is stored and answered', async () => {
    const broken = () => {
      throw new Error('the observer is broken')
    }
    const store = await open({ observer: { appended: broken, rotated: broken, writeState: broken, recovered: broken } })
    for (let i = 0; i < 3; i++) await store.append(of('s'))
    expect(await revisions(store, 's')).toEqual([0, 1, 2])
    expect(store.status().write.writable).toBe(true)
    await store.close()
  })
})

describe('an urgent append', () => {
  it('goes before all that waits, in a batch of its own, and its like keep their order', async () => {
    const batches: number[] = []
    const store = await open({ observer: { appended: ({ events }) => void batches.push(events) } })
    const waiting = ['a', 'b', 'c'].map(stream => store.append(of(stream)))
    const urgent = ['first', 'second'].map(stream => store.append(of(stream), { urgent: true }))
    const positions = (await Promise.all([...urgent, ...waiting])).map(({ firstPosition }) => firstPosition)
    expect([positions, batches]).toEqual([
      [1, 2, 3, 4, 5],
      [2, 3],
    ])
    await store.close()
  })

  it('is taken although the queue is full', async () => {
    const disk = new FakeDisk()
    const store = await open({}, disk)
    const waiting = Array.from({ length: QUEUE_LIMITS.appends }, () => store.append(of('s')))
    await expect(async () => store.append(of('s'))).rejects.toMatchObject({ code: 'OVERLOADED' })
    expect((await store.append(of('s'), { urgent: true })).firstPosition).toBeLessThan(QUEUE_LIMITS.appends)
    await Promise.all(waiting)
    await store.close()
  })
})

describe('a repeated key', () => {
  it('hears its first answer although the disk has failed since, and never «rejected» while it is not known', async () => {
    const disk = new FakeDisk()
    const store = await open({}, disk)
    const first = await store.append({ ...of('s'), key: 'first' })
    disk.arm({ failAt: 1, code: 'EIO', only: kind => kind === 'write' })
    const doubtful = { ...of('s', 's'), key: 'doubtful' }
    await expect(store.append(doubtful)).rejects.toMatchObject({ code: 'INDETERMINATE' })
    expect(await store.append({ ...of('s'), key: 'first' })).toEqual({ ...first, duplicate: true })
    await expect(store.append({ ...of('t'), key: 'first' })).rejects.toMatchObject({ code: 'KEY_REUSED' })
    await expect(store.append(doubtful)).rejects.toMatchObject({ code: 'INDETERMINATE', outcome: 'indeterminate' })
    await expect(store.append(of('s'))).rejects.toMatchObject({ code: 'READ_ONLY', outcome: 'rejected' })
    await store.close()
  })

  it('is answered before the store closes', async () => {
    const store = await open()
    const first = await store.append({ ...of('s'), key: 'k' })
    const again = store.append({ ...of('s'), key: 'k' })
    await store.close()
    expect(await again).toEqual({ ...first, duplicate: true })
  })

  it('may stand for as much as a batch may hold', async () => {
    const store = await open()
    const tags = Array.from({ length: 32 }, (_, i) => `${i}`.padEnd(128, 'x'))
    const events = Array.from({ length: 1_000 }, () => ({ type: 'Noted', stream: 's', data: {}, tags }))
    const { lastPosition } = await store.append({ author, events, key: 'large' })
    expect(lastPosition).toBe(1_000)
    await store.close()
  })
})

describe('a sector that cannot be read', () => {
  it('refuses whoever needs it, and nobody else in the batch', async () => {
    const disk = new FakeDisk()
    const store = await open({}, disk)
    await store.append(of('s'))
    disk.arm({ failAt: 1, code: 'EIO', only: kind => kind === 'readSync' })
    const condition = { failIfEventsMatch: { items: [{ tags: ['noted'] }] } }
    const outcomes = await Promise.allSettled([store.append({ ...of('a'), condition }), store.append(of('b'))])
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 'STORAGE_UNAVAILABLE' } })
    expect(outcomes[1]).toMatchObject({ status: 'fulfilled', value: { firstPosition: 2 } })
    expect(disk.faultsDelivered).toBe(1)
    await store.close()
  })
})

describe('while memory is short', () => {
  it('a sync covers less, and as much as before when there is memory again', async () => {
    const batches: number[] = []
    const pressure = new Pressure()
    const store = await open({ pressure, observer: { appended: ({ events }) => void batches.push(events) } })
    const large = { author, events: [{ type: 'Noted', stream: 's', data: { text: 'x'.repeat(300_000) } }] }
    const written = async () => {
      await Promise.all(Array.from({ length: 12 }, () => store.append(large)))
      return batches.splice(0)
    }
    expect(await written()).toEqual([12])
    pressure.tell({ memoryIsShort: true })
    expect(await written()).toEqual([4, 4, 4])
    pressure.tell({ memoryIsShort: false })
    expect(await written()).toEqual([12])
    await store.close()
  })
})
