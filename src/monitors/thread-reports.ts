// What the writer knows of its front threads: it adds what they measured to its own, and judges the worst of all threads.
import { WRITER_THREAD } from '../threads/this-thread.js'
import type { ThreadCalls } from '../threads/thread-calls.js'
import { THREAD_REPORT, type ThreadReport } from './front-monitor.js'
import type { LoopFigures } from './loop-watch.js'
import type { MemoryUse } from './memory-use.js'
import type { ProcessMonitor } from './process-monitor.js'
import { type ServiceLevels, SLICE_MS } from './service-levels.js'

interface FrontThread {
  report: ThreadReport | undefined
  heardAt: number
}

export class ThreadReports {
  private readonly joined = new Map<number, FrontThread>()

  constructor(
    private readonly levels: ServiceLevels,
    private readonly process: ProcessMonitor,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  join(thread: number, calls: ThreadCalls): void {
    const joined: FrontThread = { report: undefined, heardAt: this.nowMs() }
    this.joined.set(thread, joined)
    this.process.forgetFront(thread)
    calls.hear(THREAD_REPORT, report => this.hear(thread, joined, report))
    calls.onGone(() => {
      // The one that replaces it may have its number already.
      if (this.joined.get(thread) !== joined) return
      this.joined.delete(thread)
      this.process.forgetFront(thread)
      this.countInFlight()
    })
  }

  /**
   * Of the thread whose loop is held the longest. One whose loop hangs tells nothing, so its silence beyond the time of
   * a report is its wait.
   */
  worstLoop(own: LoopFigures): LoopFigures {
    if (this.joined.size === 0) return own
    let worst: LoopFigures = { ...own, thread: WRITER_THREAD }
    for (const [thread, { report, heardAt }] of this.joined) {
      const silentMs = Math.round(this.nowMs() - heardAt - SLICE_MS)
      const loop = report?.loop ?? { waitMs: 0, longestCollectionMs: 0, collectionMs: 0 }
      const waitMs = Math.max(loop.waitMs, silentMs)
      if (waitMs > worst.waitMs) worst = { ...loop, waitMs, thread }
    }
    return worst
  }

  /** A thread ends when its own heap is full, however much its container has left. */
  worstMemory(own: MemoryUse): MemoryUse {
    let worst = own
    for (const { report } of this.joined.values()) {
      if (report !== undefined && shareOf(report.heap) > shareOf(worst)) worst = { ...report.heap, of: 'heap' }
    }
    return worst
  }

  /** Of front threads; none where one thread does everything. */
  get serving(): { readonly threads: number; readonly connections: number } {
    let connections = 0
    for (const { report } of this.joined.values()) connections += report?.connections ?? 0
    return { threads: this.joined.size, connections }
  }

  private hear(thread: number, joined: FrontThread, report: ThreadReport): void {
    joined.report = report
    joined.heardAt = this.nowMs()
    const { slices, heap } = report
    this.levels.addSlices(slices)
    this.countInFlight()
    const { append, query } = slices
    const work = append.good + append.bad + query.good + query.bad
    const memory = { heapBytes: heap.usedBytes, residentBytes: process.memoryUsage.rss(), work }
    this.process.lookAtFront(thread, memory, joined.heardAt)
  }

  private countInFlight(): void {
    let begun = 0
    for (const { report } of this.joined.values()) begun += report?.inFlight ?? 0
    this.levels.setInFlightElsewhere(begun)
  }
}

function shareOf({ usedBytes, limitBytes }: Pick<MemoryUse, 'usedBytes' | 'limitBytes'>): number {
  return usedBytes / limitBytes
}
