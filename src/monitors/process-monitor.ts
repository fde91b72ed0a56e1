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
  private readonly leak = new LevelJudge({ warning: LEAK_PER_HOUR, critical: NEVER }, WINDOWS)
  private readonly descriptors = new LevelJudge({ warning: DESCRIPTORS_SHARE, critical: NEVER }, 1)
  private readonly loop = new LevelJudge({ warning: SLOW_LOOP_MS, critical: NEVER }, WINDOWS)

  constructor(private readonly signals: Signals) {}

  get growth(): MemoryGrowth | undefined {
    return this.trend.growth
  }

  look({ nowMs, memory, loop, descriptors }: ProcessLook): void {
    if (this.trend.add(memory, nowMs)) this.judgeGrowth()
    this.judgeLoop(loop)
    if (descriptors !== undefined) this.judgeDescriptors(descriptors)
  }

  private judgeGrowth(): void {
    const { growth } = this
    const figure = growth === undefined ? undefined : Math.max(growth.heap.atLeast, growth.resident.atLeast)
    const level = this.leak.judge(figure)
    const metrics = {
      heap_growth_share_per_hour: growth?.heap.sharePerHour ?? 0,
      resident_growth_share_per_hour: growth?.resident.sharePerHour ?? 0,
    }
    this.signals.tell({ cause: 'memory_leak', level, detail: LEAKING, metrics })
  }

  private judgeLoop({ waitMs, longestCollectionMs }: LoopFigures): void {
    const level = this.loop.judge(waitMs)
    const metrics = { event_loop_wait_p99_ms: waitMs, longest_collection_ms: longestCollectionMs }
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

const LEAKING = 'memory grows by more than a hundredth an hour although the load does not'
const HELD = 'work waits too long for the event loop'
