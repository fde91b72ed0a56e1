// What each thread of a process has spent, from /proc: the main thread, its worker threads, and the helpers of Node and V8.
import { readdirSync, readFileSync } from 'node:fs'

type Role = 'main' | 'worker' | 'helper'

interface Spent {
  readonly role: Role
  readonly us: number
}

/** By the number of the thread. */
export type CpuOfThreads = ReadonlyMap<string, Spent>

/** In µs. */
export interface CpuOfRoles {
  readonly main: number
  /** Threads of JavaScript beside the main one. */
  readonly workers: number
  /** Of them the one that has spent the most: connections may be spread unevenly. */
  readonly busiest: number
  /** Of the thread pool, of V8 and of the platform. */
  readonly helpers: number
}

/** Threads that run no JavaScript, as Node calls them. */
const HELPERS = /^(V8Worker|libuv-worker|DelayedTaskSche|SignalInspector|node)/

export function cpuOfThreads(pid: number): CpuOfThreads {
  const spent = new Map<string, Spent>()
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`
    try {
      // Nanoseconds, where `stat` has hundredths of a second.
      const [ran = '0'] = readFileSync(`${folder}/schedstat`, 'latin1').split(' ')
      const name = readFileSync(`${folder}/comm`, 'latin1')
      const role = Number(thread) === pid ? 'main' : HELPERS.test(name) ? 'helper' : 'worker'
      spent.set(thread, { role, us: Number(ran) / 1_000 })
    } catch {
      // It has ended between the listing and the look.
    }
  }
  return spent
}

/** A thread that has ended meanwhile is left out: what it has spent is known to nobody. */
export function cpuBetween(before: CpuOfThreads, after: CpuOfThreads): CpuOfRoles {
  const of: Record<Role, number[]> = { main: [0], worker: [0], helper: [0] }
  for (const [thread, { role, us }] of after) of[role].push(us - (before.get(thread)?.us ?? 0))
  const sum = (figures: readonly number[]) => figures.reduce((all, one) => all + one, 0)
  return { main: sum(of.main), workers: sum(of.worker), busiest: Math.max(...of.worker), helpers: sum(of.helper) }
}
