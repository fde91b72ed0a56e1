// A follower with its writer beside it, held to the suite: together they are one event store.
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import { openFollower } from '../../src/backends/follower/follower-store.js'
import { LocalWriter } from '../../src/backends/follower/local-writer.js'
import { DATA } from '../crash/tiny-store.js'
import { FakeDisk } from '../support/fake-disk.js'
import { describeStore } from './store-conformance.js'

describeStore(
  'a follower and its writer',
  async ({ clock, monotonic }) => {
    const where = { directory: DATA, disk: new FakeDisk({ directories: ['/'] }) }
    const open = async () => {
      const writer = new LocalWriter()
      const store = await openEmbedded({ ...where, nodeId: 'node-1', clock, monotonic, observer: writer.observer })
      writer.attach(store)
      return { store, follower: await openFollower(writer, { ...where, verify: true }) }
    }
    let current = await open()
    const close = async () => {
      await current.follower.close()
      await current.store.close()
    }
    return {
      store: current.follower,
      reopen: async () => {
        await close()
        current = await open()
        return current.follower
      },
      destroy: close,
    }
  },
  [],
)
