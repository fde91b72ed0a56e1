// Loaded into a server before anything else: SIGUSR2 ends one of its front threads at once, whatever that is doing, and
// SIGHUP holds the event loop of one for good.
import { syncBuiltinESMExports } from 'node:module'
import workers, { BroadcastChannel, isMainThread, workerData } from 'node:worker_threads'

const HELD = 1
const holding = new BroadcastChannel('hold the loop of a front thread')
holding.unref()
holding.onmessage = ({ data }) => {
  while (data === workerData?.number);
}

if (isMainThread) {
  const { Worker } = workers
  const fronts = new Set()
  workers.Worker = class extends Worker {
    constructor(file, options) {
      super(file, options)
      if (!String(options?.name).startsWith('front ')) return
      fronts.add(this)
      this.once('exit', () => fronts.delete(this))
    }
  }
  syncBuiltinESMExports()
  process.on('SIGUSR2', () => {
    const all = [...fronts]
    void all[Math.floor(Math.random() * all.length)]?.terminate()
  })
  process.on('SIGHUP', () => holding.postMessage(HELD))
}
