// What each thread of a process has spent, from /proc: the main thread, its worker threads, and the helpers of Node and V8.
import { readdirSync, readFileSync } from 'node:fs'

/** In µs. */
export interface ThreadsCpu {
  readonly main: number
  /** Threads of JavaScript beside the main one. */
  readonly workers: number
  /** Of the thread pool, of V8 and of the platform. */
  readonly helpers: number
}

/** Threads that run no JavaScript, as Node calls them. */
const HELPERS = /^(V8Worker|libuv-worker|DelayedTaskSche|SignalInspector|node)/

export function cpuOfThreads(pid: number): ThreadsCpu {
  const spent = { main: 0, workers: 0, helpers: 0 }
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`
    try {
      // Nanoseconds, where `stat` has hundredths of a second.
      const [ran = '0'] = readFileSync(`${folder}/schedstat`, 'latin1').split(' ')
      const name = readFileSync(`${folder}/comm`, 'latin1')
      const role = Number(thread) === pid ? 'main' : HELPERS.test(name) ? 'helpers' : 'workers'
      spent[role] += Number(ran) / 1_000
    } catch {
      // It has ended between the listing and the look.
    }
  }
  return spent
}

export function cpuBetween(before: ThreadsCpu, after: ThreadsCpu): ThreadsCpu {
  const { main, workers, helpers } = after
  return { main: main - before.main, workers: workers - before.workers, helpers: helpers - before.helpers }
}
