// The embedded backend held to the suite once more, on segments so small that nearly everything spans several of them.
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { EventStore } from '../../src/contract/event-store.js'
import { FakeDisk } from '../support/fake-disk.js'
import { describeStore } from './store-conformance.js'

describeStore(
  'the embedded backend on many small segments',
  async ({ clock, monotonic }) => {
    const disk = new FakeDisk({ directories: ['/'] })
    const small = { segmentBytes: 6_000, presizeBytes: 1_024, reserveBytes: 1_024, sealOnCloseBytes: 5_000 }
    const open = () =>
      openEmbedded({ directory: '/data', nodeId: 'node-1', clock, monotonic, disk, idleMarkMs: 0, ...small })
    let current: EventStore = await open()
    return {
      store: current,
      reopen: async () => {
        await current.close()
        current = await open()
        return current
      },
      destroy: () => current.close(),
    }
  },
  [],
)
