// Loaded into a server of the command's own before all else: it tells the command how much memory is in use after a collection.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes. */
export interface MemoryInUse {
  readonly heapUsed: number
  readonly external: number
  readonly arrayBuffers: number
  readonly rss: number
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (how: object) => void
setFlagsFromString('--no-expose-gc')

process.on('message', () => {
  collect({ type: 'major', execution: 'sync' })
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  process.send?.({ heapUsed, external, arrayBuffers, rss } satisfies MemoryInUse)
})
// It must not keep a server alive that has been told to end.
process.channel?.unref()
