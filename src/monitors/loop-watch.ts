// Measures how long work waits for the event loop, and how long the collection of garbage holds it.
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

const SAMPLE_MS = 20

export interface LoopFigures {
  /** 99 of 100 waits of the window were no longer. */
  readonly waitMs: number
  readonly longestCollectionMs: number
  /** All pauses of the window together. */
  readonly collectionMs: number
  /** Whose figures these are, where there are several threads. */
  readonly thread?: number
}

export class LoopWatch {
  private readonly delay = monitorEventLoopDelay({ resolution: SAMPLE_MS })
  private readonly collections = new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) this.note(duration)
  })
  private longest = 0
  private total = 0

  start(): void {
    this.delay.enable()
    this.collections.observe({ entryTypes: ['gc'] })
  }

  stop(): void {
    this.delay.disable()
    this.collections.disconnect()
  }

  /** Ends a window and answers its figures. One caller alone may do so, or each would cut the windows of the others. */
  endWindow(): LoopFigures {
    // The histogram records the time between two samples, of which the interval itself is no delay.
    const waitMs = this.delay.count === 0 ? 0 : Math.max(0, this.delay.percentile(99) / 1e6 - SAMPLE_MS)
    const figures = {
      waitMs: tenths(waitMs),
      longestCollectionMs: tenths(this.longest),
      collectionMs: tenths(this.total),
    }
    this.delay.reset()
    this.longest = 0
    this.total = 0
    return figures
  }

  private note(ms: number): void {
    this.longest = Math.max(this.longest, ms)
    this.total += ms
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
