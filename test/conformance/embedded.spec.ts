// The embedded backend, which keeps events in files, held to the suite.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { EventStore } from '../../src/contract/event-store.js'
import { describeStore } from './store-conformance.js'

describeStore(
  'the embedded backend',
  async ({ clock, monotonic }) => {
    const directory = await mkdtemp(join(tmpdir(), 'lighthouse-conformance-'))
    const remove = () => rm(directory, { recursive: true, force: true })
    const open = () => openEmbedded({ directory, nodeId: 'node-1', clock, monotonic })
    let current: EventStore
    try {
      current = await open()
    } catch (error) {
      await remove()
      throw error
    }
    return {
      store: current,
      reopen: async () => {
        await current.close()
        current = await open()
        return current
      },
      destroy: async () => {
        await current.close()
        await remove()
      },
    }
  },
  [],
)
