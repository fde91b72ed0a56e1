// Tells when memory leaks, descriptors run out, or the event loop is held.
import type { Signals } from '../signals/signals.js'
import { LevelJudge } from './level-judge.js'
import type { LoopFigures } from './loop-watch.js'
import { type MemoryGrowth, type MemorySample, MemoryTrend } from './memory-trend.js'
import type { Descriptors } from './process-facts.js'

/** These are warnings alone: they take long to do harm, and refusing appends would not help. */
const NEVER = Number.POSITIVE_INFINITY
export const LEAK_PER_HOUR = 0.01
export const DESCRIPTORS_SHARE = 0.75
export const SLOW_LOOP_MS = 200
/** So many windows of five seconds have to agree that the loop is held, and so many minutes that memory leaks. */
const WINDOWS = 3

export interface ProcessLook {
  readonly nowMs: number
  readonly memory: MemorySample
  readonly loop: LoopFigures
  /** Undefined where the kernel does not say. */
  readonly descriptors: Descriptors | undefined
}

export class ProcessMonitor {
  private readonly trend = new MemoryTrend()
  /** Each front thread has a heap of its own, in which a leak of its own may be. */
  private readonly trendsOfFronts = new Map<number, MemoryTrend>()
  private readonly leak = new LevelJudge({ warning: LEAK_PER_HOUR, critical: NEVER }, WINDOWS)
  private readonly descriptors = new LevelJudge({ warning: DESCRIPTORS_SHARE, critical: NEVER }, 1)
  private readonly loop = new LevelJudge({ warning: SLOW_LOOP_MS, critical: NEVER }, WINDOWS)

  constructor(private readonly signals: Signals) {}

  /** Of the thread whose memory grows the most. */
  get growth(): MemoryGrowth | undefined {
    let most: MemoryGrowth | undefined
    for (const { growth } of [this.trend, ...this.trendsOfFronts.values()])
      if (growth !== undefined && (most === undefined || paceOf(growth) > paceOf(most))) most = growth
    return most
  }

  /** What a front thread has told of its memory. It is judged with that of the writer. */
  lookAtFront(thread: number, memory: MemorySample, nowMs: number): void {
    const trend = this.trendsOfFronts.get(thread) ?? new MemoryTrend()
    this.trendsOfFronts.set(thread, trend)
    trend.add(memory, nowMs)
  }

  /** One that has its number later begins with a heap of its own. */
  forgetFront(thread: number): void {
    this.trendsOfFronts.delete(thread)
  }

  look({ nowMs, memory, loop, descriptors }: ProcessLook): void {
    if (this.trend.add(memory, nowMs)) this.judgeGrowth()
    this.judgeLoop(loop)
    if (descriptors !== undefined) this.judgeDescriptors(descriptors)
  }

  private judgeGrowth(): void {
    const { growth } = this
    const level = this.leak.judge(growth === undefined ? undefined : paceOf(growth))
    const metrics = {
      heap_growth_share_per_hour: growth?.heap.sharePerHour ?? 0,
      resident_growth_share_per_hour: growth?.resident.sharePerHour ?? 0,
    }
    this.signals.tell({ cause: 'memory_leak', level, detail: LEAKING, metrics })
  }

  private judgeLoop({ waitMs, longestCollectionMs, thread }: LoopFigures): void {
    const level = this.loop.judge(waitMs)
    const figures = { event_loop_wait_p99_ms: waitMs, longest_collection_ms: longestCollectionMs }
    const metrics = thread === undefined ? figures : { ...figures, thread }
    this.signals.tell({ cause: 'event_loop', level, detail: HELD, metrics })
  }

  private judgeDescriptors({ open, limit }: Descriptors): void {
    const level = this.descriptors.judge(open / limit)
    const detail = `${open} of ${limit} descriptors are open`
    this.signals.tell({
      cause: 'descriptors',
      level,
      detail,
      metrics: { open_descriptors: open, descriptor_limit: limit },
    })
  }
}

/** At least so much of it an hour. */
function paceOf({ heap, resident }: MemoryGrowth): number {
  return Math.max(heap.atLeast, resident.atLeast)
}

const LEAKING = 'memory grows by more than a hundredth an hour although the load does not'
const HELD = 'work waits too long for the event loop'
