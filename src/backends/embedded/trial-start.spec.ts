// A store that was not closed in order is tried out before anybody relies on it: one write, one read, one query.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import type { Fault, OperationKind } from '../../../test/support/fault-plan.js'
import { type EmbeddedStore, openEmbedded } from './embedded-store.js'
import type { Disk } from './engine/disk/disk.js'

const TRIAL = '/data/TRIAL.tmp'
const append = (store: EmbeddedStore) =>
  store.append({ events: [{ type: 'told', stream: 'orders', data: {} }], author: { agentId: 'a1' } })

let crashed: FakeDisk
let notes: string[]

beforeEach(async () => {
  const disk = new FakeDisk({ directories: ['/'] })
  const store = await open(disk)
  for (let i = 0; i < 3; i++) await append(store)
  crashed = disk.afterCrash(1)
})

function open(disk: Disk, options: object = {}): Promise<EmbeddedStore> {
  notes = []
  const observer = { warned: ({ what }: { what: string }) => void notes.push(what) }
  return openEmbedded({ directory: '/data', nodeId: 'n1', disk, presizeBytes: 0, observer, ...options })
}

const ofTheTrial = (only: OperationKind, code = 'EIO'): Fault => ({
  failFrom: 1,
  code,
  only: (kind, path) => kind === only && path === TRIAL,
})
const tried = (disk: FakeDisk) => disk.trace.some(({ path }) => path === TRIAL)

test('it starts, takes appends, and leaves nothing of the trial behind', async () => {
  const store = await open(crashed)
  await append(store)
  expect(store.head()).toBe(4)
  await store.close()
  expect(crashed.files()).not.toContain(TRIAL)
})

test('what is left of a trial that a crash cut short is removed', async () => {
  crashed.put(TRIAL, Buffer.from('half'))
  const store = await open(crashed)
  await store.close()
  expect(crashed.files()).not.toContain(TRIAL)
  expect(notes).toEqual([])
})

test('one that was closed in order is not tried', async () => {
  const store = await open(crashed)
  await store.close()
  const next = crashed.clone()
  const again = await open(next)
  expect(tried(next)).toBe(false)
  await again.close()
})

describe('the start is refused', () => {
  test.each<OperationKind>(['open', 'write', 'sync', 'read'])(
    'where a trial %s fails, and so is the next',
    async kind => {
      crashed.arm(ofTheTrial(kind))
      for (let start = 0; start < 2; start++)
        await expect(open(crashed)).rejects.toMatchObject({
          code: 'STORAGE_UNAVAILABLE',
          message: '/data was not closed in order, and a trial write there failed: EIO',
        })
      crashed.heal()
      const store = await open(crashed)
      expect(store.head()).toBe(3)
      await store.close()
    },
  )

  test('where the disk does not answer', async () => {
    const disk: Disk = Object.create(crashed)
    const never = new Promise<never>(() => undefined)
    disk.open = (path, options) => (path === TRIAL ? never : crashed.open(path, options))
    await expect(open(disk, { writeTimeoutMs: 20 })).rejects.toMatchObject({
      message: expect.stringContaining('a trial write there failed: ETIMEDOUT'),
    })
  })
})

test('a full disk is no reason to refuse it: reads go on', async () => {
  crashed.arm(ofTheTrial('write', 'ENOSPC'))
  const store = await open(crashed)
  expect(notes).toContain('the start had no room for a trial write')
  expect(await store.find(3)).toBeDefined()
  await store.close()
})
