// Tells the writer every five seconds how a front thread does; what its requests took is told in counts, and none by itself.
import { getHeapStatistics } from 'node:v8'
import { type ThreadCalls, ThreadNotice } from '../threads/thread-calls.js'
import { type LoopFigures, LoopWatch } from './loop-watch.js'
import { type ServiceLevels, SLICE_MS, type TimedWork, type ToldSlice } from './service-levels.js'

export interface ThreadReport {
  readonly slices: Readonly<Record<TimedWork, ToldSlice>>
  /** Appends that are not answered. */
  readonly inFlight: number
  readonly loop: LoopFigures
  readonly heap: { readonly usedBytes: number; readonly limitBytes: number }
  /** Open ones, at the report before. */
  readonly connections: number
}

export const THREAD_REPORT = new ThreadNotice<ThreadReport>('thread report')

export class FrontMonitor {
  private readonly watch = new LoopWatch()
  private timer: NodeJS.Timeout | undefined
  private connections = 0

  constructor(
    private readonly levels: ServiceLevels,
    private readonly calls: ThreadCalls,
    private readonly countConnections: () => Promise<number>,
  ) {}

  start(): void {
    this.watch.start()
    this.timer = setInterval(() => this.report(), SLICE_MS).unref()
  }

  /** Tells the rest. */
  stop(): void {
    clearInterval(this.timer)
    this.report()
    this.watch.stop()
  }

  report(): void {
    const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics()
    this.calls.tell(THREAD_REPORT, {
      slices: this.levels.takeSlices(),
      inFlight: this.levels.inFlight,
      loop: this.watch.endWindow(),
      heap: { usedBytes, limitBytes },
      connections: this.connections,
    })
    this.countConnections().then(
      count => {
        this.connections = count
      },
      () => undefined,
    )
  }
}
