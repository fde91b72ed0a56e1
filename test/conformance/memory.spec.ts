// The memory backend, the model of all others, held to the suite itself.
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import { describeStore } from './store-conformance.js'

describeStore(
  'the memory backend',
  async ({ clock, monotonic }) => {
    const store = new MemoryStore({ nodeId: 'node-1', clock, monotonic })
    return { store, destroy: () => store.close() }
  },
  [{ id: 'volatile', reason: 'it keeps events in memory alone' }],
)
