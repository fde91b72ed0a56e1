// The small write that a start tries out: on a disk that takes less, gives back something else, or does not answer.
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../../../test/support/fake-disk.js'
import type { DiskFile, OpenOptions } from './disk.js'
import { DiskWrapper } from './disk-wrapper.js'
import { trialWrite, within } from './trial-write.js'

const PATH = '/data/TRIAL'
const random = (length: number) => Buffer.alloc(length, 7)

/** Whose files take and give what is said instead of what they hold. */
class OddDisk extends DiskWrapper {
  constructor(
    override readonly disk: FakeDisk,
    private readonly odd: (file: DiskFile) => Partial<DiskFile>,
  ) {
    super(disk)
  }

  override async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const file = await super.open(path, options)
    const { write, sync, close, size, truncate, readSync, read } = file
    const whole = { write, sync, close, size, truncate, readSync, read }
    const bound = Object.fromEntries(Object.entries(whole).map(([name, of]) => [name, of.bind(file)]))
    return { path, ...bound, ...this.odd(file) } as DiskFile
  }
}

const fake = () => new FakeDisk({ directories: ['/', '/data'] })

test('a disk that keeps what it is given is left as it was', async () => {
  const disk = fake()
  await trialWrite(disk, PATH, random)
  expect([disk.files(), disk.openFiles]).toEqual([[], []])
})

test.each([
  ['takes less than was written', 'ENOSPC', () => ({ write: async () => 100 })],
  ['gives back less', 'EIO', () => ({ read: async () => 100 })],
  ['gives back something else', 'EIO', () => ({ read: async (into: Uint8Array) => into.fill(8).length })],
])('one that %s is told by %s', async (_, code, odd) => {
  const disk = fake()
  await expect(trialWrite(new OddDisk(disk, odd), PATH, random)).rejects.toMatchObject({ code })
  expect(disk.openFiles).toEqual([])
})

test('one that does not answer in time is told, and without a limit it has all of it', async () => {
  await expect(within(1, new Promise(() => undefined))).rejects.toMatchObject({ code: 'ETIMEDOUT' })
  await within(0, Promise.resolve())
})
