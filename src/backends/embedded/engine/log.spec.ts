// The running log where the disk fails beside the writes: a close, a look at the room, a start that found none.
import { expect, test } from '@jest/globals'
import { openTiny } from '../../../../test/crash/tiny-store.js'
import { AgedStore, agedDisk } from '../../../../test/support/aged-store.js'
import { FakeDisk } from '../../../../test/support/fake-disk.js'
import { diskError } from '../../../../test/support/fault-plan.js'
import { ManualClock } from '../../../../test/support/manual-clock.js'
import { until } from '../../../../test/support/until.js'
import type { EmbeddedStore } from '../embedded-store.js'
import type { Disk, DiskFile, OpenOptions } from './disk/disk.js'

const append = (store: EmbeddedStore, filler = 10) =>
  store.append({
    author: { agentId: 'a' },
    events: [{ type: 'Noted', stream: 's', data: { text: 'x'.repeat(filler) } }],
  })

/** Segments that are closed, and say that they could not be. */
function refusingToClose(disk: FakeDisk): Disk {
  const failing = (file: DiskFile, path: string) =>
    over(file, 'close', async () => {
      await file.close()
      throw diskError('EIO', 'close', path)
    })
  return over<Disk>(disk, 'open', async (path: string, options: OpenOptions) => {
    const file = await disk.open(path, options)
    return options.durable === true ? failing(file, path) : file
  })
}

function over<T extends object>(whole: T, name: keyof T, instead: unknown): T {
  return new Proxy(whole, {
    get(target, key) {
      if (key === name) return instead
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('a sealed segment that cannot be closed is noticed, and appends go on', async () => {
  const noticed: string[] = []
  const observer = { warned: ({ what }: { what: string }) => void noticed.push(what) }
  const store = await openTiny(refusingToClose(new FakeDisk({ directories: ['/'] })), new ManualClock(), { observer })
  for (let i = 0; i < 4; i++) await append(store, 2_000)
  expect(noticed).toContain('a sealed segment was not closed')
  expect(store.status().write).toEqual({ writable: true })
  await store.close().catch(() => undefined)
})

test('a store that fails to close gives the directory back', async () => {
  const disk = new FakeDisk({ directories: ['/'] })
  const store = await openTiny(refusingToClose(disk), new ManualClock())
  await append(store)
  await expect(store.close()).rejects.toMatchObject({ code: 'EIO' })
  const again = await openTiny(disk, new ManualClock())
  expect(again.head()).toBe(1)
  await again.close()
})

test('a full disk that cannot even be asked for its room refuses by name', async () => {
  const disk = new FakeDisk({ directories: ['/'] })
  const store = await openTiny(disk, new ManualClock())
  disk.arm({ failFrom: 1, code: 'ENOSPC', only: kind => kind === 'write' })
  await expect(append(store, 2_000)).rejects.toMatchObject({ code: 'DISK_FULL' })
  disk.arm({ failFrom: 1, code: 'EIO', only: kind => kind === 'space' })
  await expect(append(store)).rejects.toMatchObject({ name: 'StoreError' })
  expect(store.status().write).toMatchObject({ writable: false, reason: 'failed_sync' })
  await store.close()
})

const indexed = ['1', '2'].map(first => `/data/segments/seg-${first.padStart(16, '0')}-00000001.idx`)

test.each([
  ['its own header', 'seg-0000000000000004'],
  ['the footer of the full one', 'seg-0000000000000003'],
])('a next segment that could not be begun for want of room for %s leaves no file behind', async (_, struck) => {
  const disk = new FakeDisk({ directories: ['/'] })
  const store = await openTiny(disk, new ManualClock())
  for (let i = 0; i < 3; i++) await append(store, 2_000)
  // The index of a sealed segment is written beside the appends.
  await until(() => indexed.every(path => disk.files().includes(path)))
  const before = disk.files()
  disk.arm({ failFrom: 1, code: 'ENOSPC', only: (kind, path) => kind === 'write' && path.includes(struck) })
  await append(store).catch(() => undefined)
  expect(disk.faultsDelivered).toBeGreaterThan(0)
  expect(disk.files().filter(path => path.endsWith('.tmp'))).toEqual([])
  expect(disk.files().filter(path => path.includes('/segments/'))).toEqual(
    before.filter(path => path.includes('/segments/')),
  )
  disk.heal()
  await append(store)
  expect(store.status().write).toEqual({ writable: true })
  await store.close()
  const again = await openTiny(disk, new ManualClock())
  expect(again.head()).toBeGreaterThanOrEqual(4)
  await again.close()
})

test('a store that found no room at its start retires nothing, and does not complain of it', async () => {
  const aged = await agedDisk(6)
  const rules = { archiveAfterDays: 1, retainArchivesDays: 2 }
  const disk = aged.disk
  const first = await AgedStore.open(disk, '/data', aged.clock, { archiveAfterDays: 1 })
  while (await first.store.maintenance.pass());
  await first.store.close()
  disk.arm({ failFrom: 1, code: 'ENOSPC', only: kind => kind === 'write' })
  const held = await AgedStore.open(disk, '/data', aged.clock, rules)
  expect(held.store.status().write).toMatchObject({ reason: 'disk_full' })
  await held.store.maintenance.pass()
  expect(held.told.noticed.filter(what => what.startsWith('retiring failed'))).toEqual([])
  expect(held.told.retired).toEqual([])
  disk.heal()
  await held.store.close()
})
