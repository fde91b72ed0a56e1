// A server of several threads, and how one of its front threads comes to its end in the middle of its work.
import { resolve } from 'node:path'
import type { RunningServer } from './running-server.js'

const REPLACED = 'a front thread has ended'

/** What a server is started with. None where one thread does everything. */
export function threadsEnv(fronts: number): Readonly<Record<string, string>> {
  if (fronts < 2) return {}
  const killer = `--import=${resolve('test/support/thread-killer.mjs')}`
  return { LIGHTHOUSE_THREADS: String(fronts), NODE_OPTIONS: killer }
}

/** Of the front threads one is ended at once, whichever. */
export function endFrontThread({ pid }: RunningServer): void {
  process.kill(pid, 'SIGUSR2')
}

/** The event loop of one front thread stands still from now on. */
export function holdFrontThread({ pid }: RunningServer): void {
  process.kill(pid, 'SIGHUP')
}

export function isReplacement(line: string): boolean {
  return line.includes(REPLACED)
}
