// Streams of which retention has removed events: what is left of them, and that their answers are tagged by it.
import { expect, test } from '@jest/globals'
import { AgedStore } from '../../test/support/aged-store.js'
import { FakeDisk } from '../../test/support/fake-disk.js'
import { ManualClock } from '../../test/support/manual-clock.js'
import { streamState } from '../appending/preconditions.js'
import type { StreamInfo } from '../contract/event-store.js'
import { firstKept } from './stream-page.js'

test('the tag of a stream is another one when retention has removed events of it, and of no other stream', async () => {
  const disk = new FakeDisk({ directories: ['/data'] })
  const options = { archiveAfterDays: 1, retainArchivesDays: 2 }
  const aged = await AgedStore.open(disk, '/data', new ManualClock(), options)
  const { store } = aged
  const tagOf = async (stream: string) => {
    const info = (await store.stream(stream)) as StreamInfo
    return streamState(info.revision, await firstKept(store, info))
  }
  await aged.day()
  expect(await tagOf('stream-0')).toBe('2')
  for (let n = 0; n < 6; n++) await aged.day()
  await store.append({ events: [{ type: 'T', stream: 'new', data: {} }], author: { agentId: 'a' } })
  const before = await tagOf('stream-0')
  while (await store.maintenance.pass()) aged.clock.move(0n)
  expect(store.status().first).toBeGreaterThan(1)
  expect([before, await tagOf('stream-0')]).toEqual(['20', expect.stringMatching(/^20-from-[1-9]/)])
  expect(await tagOf('new')).toBe('0')
  await store.close()
})
