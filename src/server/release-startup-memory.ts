// Gives back to the system what nothing needs any more: 35 of 150 MB after the start, and what a flood has left behind.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (how: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** Left alone, V8 keeps the room in which a thousand modules were compiled. To be called before anybody is served. */
export function releaseStartupMemory(): void {
  collector()()
}

const LOOK_MS = 10_000
/** Of the time between two looks, in which the loop had work. */
const IDLE_SHARE = 0.3
const WORTH_BYTES = 64 * 1024 * 1024

/** After a flood V8 keeps what it grew by until somebody makes new garbage. A quiet moment is spent on giving it back. */
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
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
