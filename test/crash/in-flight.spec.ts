// A batch on its way to the disk: nobody sees it, nobody is told of it, and what it comes to is true for everyone it concerns.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import type { Appended, AppendRequest } from '../../src/contract/event-store.js'
import { FakeDisk } from '../support/fake-disk.js'
import { HeldDisk } from '../support/held-disk.js'
import { ManualClock } from '../support/manual-clock.js'
import { DATA, everything, openTiny } from './tiny-store.js'

type Told = { readonly code: string; readonly answer?: Appended }

let disk: FakeDisk
let held: HeldDisk
let store: EmbeddedStore

beforeEach(async () => {
  disk = new FakeDisk({ directories: ['/'] })
  held = new HeldDisk(disk)
  // Nothing is written ahead and no segment ends: the only write is the batch.
  store = await openTiny(held, new ManualClock(), { presizeBytes: 0, segmentBytes: 2 ** 20 })
  await append('before', 'orders')
})

afterEach(async () => {
  held.release()
  disk.heal()
  await store.close()
})

function append(type: string, stream: string, more: Partial<AppendRequest> = {}): Promise<Told> {
  const request = { events: [{ type, stream, data: {}, tags: [type] }], author: { agentId: 'a1' }, ...more }
  return store.append(request).then(
    answer => ({ code: 'stored', answer }),
    error => ({ code: String(error.code) }),
  )
}

/** What everyone was told so far; `waits` for those who were told nothing. */
async function toldSoFar(...appends: readonly Promise<Told>[]): Promise<string[]> {
  const nothing = new Promise<Told>(resolve => setImmediate(resolve, { code: 'waits' }))
  return Promise.all(appends.map(async one => (await Promise.race([one, nothing])).code))
}

async function types(): Promise<string[]> {
  return (await everything(store)).map(({ type }) => type)
}

const none = (stream: string) => ({ expectations: [{ stream, expectedRevision: 'none' as const }] })
const unless = (tag: string) => ({ condition: { failIfEventsMatch: { items: [{ tags: [tag] }] } } })

test('a read up to a time waits for what may be before that time, and for nothing else', async () => {
  const [before] = await everything(store)
  const time = before?.timestamp ?? ''
  const readUntil = async (until: string) => {
    const found: string[] = []
    for await (const { type } of store.read({ until })) found.push(type)
    return found
  }
  held.hold()
  const one = append('sent', 'orders')
  await held.arrived()
  expect(await readUntil(time)).toEqual([])
  const later = readUntil('2100-01-01T00:00:00Z')
  held.release()
  expect(await later).toEqual(['before', 'sent'])
  expect((await one).code).toBe('stored')
})

test('it is neither acknowledged, nor counted, nor read', async () => {
  held.hold()
  const one = append('sent', 'orders')
  const follower = store.beyond(1)
  await held.arrived()
  expect(await toldSoFar(one)).toEqual(['waits'])
  expect([store.head(), store.status().head, await types(), await store.stream('orders')]).toEqual([
    1,
    1,
    ['before'],
    { stream: 'orders', revision: 0, lastPosition: 1 },
  ])
  expect(await store.find(2)).toBeUndefined()
  const watched = Promise.race([follower, new Promise(resolve => setImmediate(resolve, 'waits'))])
  expect(await watched).toBe('waits')
  held.release()
  expect([(await one).code, await follower, store.head(), await types()]).toEqual(['stored', 2, 2, ['before', 'sent']])
})

describe('appends of one batch', () => {
  test('are decided by each other: streams, conditions and keys', async () => {
    const told = await Promise.all([
      append('opened', 'visits', none('visits')),
      append('again', 'visits', none('visits')),
      append('taken', 'seats', unless('taken')),
      append('taken', 'seats', unless('taken')),
      append('paid', 'orders', { key: 'k' }),
      append('paid', 'orders', { key: 'k' }),
      append('changed', 'orders', { key: 'k' }),
    ])
    const codes = ['stored', 'REVISION_CONFLICT', 'stored', 'CONDITION_FAILED', 'stored', 'stored', 'KEY_REUSED']
    expect(told.map(({ code }) => code)).toEqual(codes)
    expect([told[4]?.answer?.duplicate, told[5]?.answer?.duplicate]).toEqual([false, true])
    expect(await types()).toEqual(['before', 'opened', 'taken', 'paid'])
  })

  test('are refused because of each other only once that is durable', async () => {
    held.hold()
    const all = [append('opened', 'visits', none('visits')), append('again', 'visits', none('visits'))]
    const repeated = [append('paid', 'orders', { key: 'k' }), append('paid', 'orders', { key: 'k' })]
    await held.arrived()
    expect(await toldSoFar(...all, ...repeated)).toEqual(['waits', 'waits', 'waits', 'waits'])
    held.release()
    await Promise.all([...all, ...repeated])
    expect(await toldSoFar(...all, ...repeated)).toEqual(['stored', 'REVISION_CONFLICT', 'stored', 'stored'])
  })
})

test('one that found no room is forgotten: stream, condition and key are as they were', async () => {
  disk.arm({ failAt: 1, code: 'ENOSPC', only: kind => kind === 'write' })
  const lost = await Promise.all([append('lost', 'visits', { key: 'k' }), append('lost', 'orders')])
  expect(lost.map(({ code }) => code)).toEqual(['DISK_FULL', 'DISK_FULL'])
  expect([store.head(), await types(), await store.stream('visits')]).toEqual([1, ['before'], undefined])
  const again = await append('lost', 'visits', { key: 'k', ...none('visits'), ...unless('lost') })
  expect(again.answer).toMatchObject({ firstPosition: 2, duplicate: false, events: [{ revision: 0 }] })
  expect((await append('next', 'orders')).answer).toMatchObject({ firstPosition: 3, events: [{ revision: 1 }] })
})

test('one that found room for a part only is gone as a whole, also from the disk', async () => {
  disk.arm({ failAt: 1, code: 'short', only: kind => kind === 'write' })
  const filler = { events: [{ type: 'large', stream: 'orders', data: { filler: 'x'.repeat(20_000) } }] }
  const told = await Promise.all([
    append('small', 'orders'),
    append('small', 'orders'),
    append('large', 'orders', filler),
  ])
  expect(told.map(({ code }) => code)).toEqual(['DISK_FULL', 'DISK_FULL', 'DISK_FULL'])
  disk.heal()
  const left = disk.afterCrash(1, 'keep-all')
  const next = await openTiny(left, new ManualClock())
  expect((await everything(next)).map(({ type }) => type)).toEqual(['before'])
  expect(next.status().details['tornBytes']).toBe(0)
  await next.close()
  await store.close().catch(() => undefined)
  disk = left
  store = await openTiny(disk, new ManualClock())
})

test('one whose write failed is nobody’s: what was refused because of it is not known either', async () => {
  disk.arm({ failAt: 1, code: 'EIO', only: kind => kind === 'write' })
  const told = await Promise.all([append('lost', 'visits'), append('again', 'visits', none('visits'))])
  expect(told.map(({ code }) => code)).toEqual(['INDETERMINATE', 'INDETERMINATE'])
  expect([store.head(), await types()]).toEqual([1, ['before']])
  expect(store.status().write).toMatchObject({ writable: false, reason: 'failed_sync' })
  const before = disk.operations
  expect((await append('later', 'orders')).code).toBe('READ_ONLY')
  const touched = disk.trace.filter(({ number, kind }) => number > before && (kind === 'write' || kind === 'sync'))
  expect(touched).toEqual([])
})

test('one that was written after another process took the directory is never acknowledged, nor read', async () => {
  held.hold()
  const late = append('late', 'orders')
  await held.arrived()
  disk.steal(`${DATA}/LOCK`)
  held.release()
  expect((await late).code).toBe('INDETERMINATE')
  expect([store.head(), await types()]).toEqual([1, ['before']])
  expect(store.status().write).toMatchObject({ writable: false, reason: 'lost_ownership' })
})
