// Returns unused memory to the system: 35 of 150 MB after the start, and later what a load peak leaves behind.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** V8 would keep the memory in which a thousand modules were compiled. It blocks, so call it before serving anyone. */
export function releaseStartupMemory(): void {
  collector()()
}

const LOOK_MS = 10_000
/** The share of the time between two looks in which the event loop was busy; above it the server is not idle. */
const IDLE_SHARE = 0.3
const WORTH_BYTES = 64 * 1024 * 1024

/** After a peak V8 keeps its heap until there is new garbage. Collecting blocks, so it waits for an idle server. */
export function giveBackWhenIdle(): void {
  const collect = collector()
  let kept = process.memoryUsage.rss()
  let before = performance.eventLoopUtilization()
  setInterval(() => {
    const since = before
    before = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(before, since)
    if (utilization > IDLE_SHARE || process.memoryUsage.rss() < kept + WORTH_BYTES) return
    collect()
    kept = process.memoryUsage.rss()
  }, LOOK_MS).unref()
}

function collector(): () => void {
  // The flag is one for all threads, of which several may be here at the same time, so none takes it back.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
