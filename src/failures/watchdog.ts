// Ends the process when its event loop has made no progress for a while, from a thread that the loop cannot block.
import { url as inspectorUrl } from 'node:inspector'
import { Worker } from 'node:worker_threads'
import { SERVER_EXIT } from './exit-codes.js'

export interface WatchdogOptions {
  /** Of the watchdog's own running time, so that a machine which was suspended is not taken for a blocked loop. */
  readonly limitMs: number
  /** How often the loop says that it runs, and how often the watchdog looks. */
  readonly tickMs?: number
}

/** The numbers that both threads see. */
const BEAT = 0
const EXCUSED = 1

/** What the thread says before it ends the process, except for the seconds. */
export const BLOCKED = 'the event loop stood still'

/**
 * The text of the thread, because a file would have to be found beside the source and beside what is built of it. It
 * counts its own ticks and never looks at a clock: while the machine sleeps there are none. A thread cannot choose the
 * code of the process, so it sends the one signal that ends every process, leaves no image of its memory, and is used
 * for nothing else.
 */
const THREAD = `
const { workerData } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const { shared, limitMs, tickMs, line, signal } = workerData
const cells = new Int32Array(shared)
let seen = Atomics.load(cells, ${BEAT})
let still = 0
setInterval(() => {
  const beat = Atomics.load(cells, ${BEAT})
  still = beat === seen && Atomics.load(cells, ${EXCUSED}) === 0 ? still + 1 : 0
  seen = beat
  if (still * tickMs < limitMs) return
  const { rss } = process.memoryUsage()
  const facts = { ranMs: still * tickMs, beats: beat, rss, uptimeSeconds: Math.round(process.uptime()) }
  try {
    writeSync(2, JSON.stringify({ level: 'fatal', msg: line, cause: 'event_loop', ...facts }) + '\\n')
  } finally {
    process.kill(process.pid, signal)
  }
}, tickMs)
`

/** Windows knows no signal but the last one. */
const SIGNAL = process.platform === 'win32' ? 'SIGKILL' : 'SIGALRM'

export class Watchdog {
  private readonly cells = new Int32Array(new SharedArrayBuffer(8))
  private readonly beating: NodeJS.Timeout
  private readonly thread: Worker
  private excuses = 0

  constructor({ limitMs, tickMs = Math.min(1_000, limitMs / 4) }: WatchdogOptions) {
    const line = `${BLOCKED} for ${limitMs / 1_000} s; the process ends with code ${SERVER_EXIT.loopBlocked}`
    const workerData = { shared: this.cells.buffer, limitMs, tickMs, line, signal: SIGNAL }
    this.beating = setInterval(() => this.beat(), tickMs).unref()
    const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 }
    this.thread = new Worker(THREAD, { eval: true, workerData, resourceLimits, stdin: false, execArgv: [], env: {} })
    // The watchdog must not keep the process up, and a server without one is better than none.
    this.thread.on('error', () => clearInterval(this.beating))
    this.thread.unref()
  }

  /** For work that is known to hold the loop long, such as a snapshot of the heap: it is not ended for that. */
  excuse<T>(work: () => T): T {
    this.excuses++
    this.beat()
    try {
      return work()
    } finally {
      this.excuses--
      this.beat()
    }
  }

  async close(): Promise<void> {
    clearInterval(this.beating)
    await this.thread.terminate()
  }

  private beat(): void {
    // A debugger holds the loop at a breakpoint for as long as a person thinks.
    const excused = this.excuses > 0 || inspectorUrl() !== undefined
    Atomics.store(this.cells, EXCUSED, excused ? 1 : 0)
    Atomics.add(this.cells, BEAT, 1)
  }
}
