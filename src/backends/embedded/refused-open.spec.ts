// A store that is not opened: a name that is none, and a volume that forgets.
import { expect, test } from '@jest/globals'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { ManualClock } from '../../../test/support/manual-clock.js'
import { openEmbedded } from './embedded-store.js'
import { DiskWrapper } from './engine/disk/disk-wrapper.js'

/** Of which one directory lies on another file system. */
class DiskOfTwo extends DiskWrapper {
  constructor(
    disk: FakeDisk,
    private readonly names: Readonly<Record<string, string>>,
  ) {
    super(disk)
  }

  override async fileSystem(directory: string): Promise<string | undefined> {
    return this.names[directory]
  }
}

const fake = () => new FakeDisk({ directories: ['/', '/data'] })
const open = (more: object) => openEmbedded({ directory: '/data', nodeId: 'n', clock: new ManualClock(), ...more })

test('a node whose name would not fit into an id', async () => {
  await expect(open({ disk: fake(), nodeId: 'no name' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test.each(['tmpfs', 'ramfs'])('an archive on %s, which forgets, is refused, and on any other it is not', async name => {
  const archive = '/data/archive'
  const disk = new DiskOfTwo(fake(), { '/data': 'ext4', [archive]: name })
  await expect(open({ disk })).rejects.toMatchObject({
    message: expect.stringContaining(`${archive} lies on ${name}, which forgets`),
  })
  const remote = new DiskOfTwo(fake(), { '/data': 'ext4', [archive]: 'nfs' })
  await (await open({ disk: remote })).close()
})
