// Tells when memory or the volume of the data runs short.
import type { Signals } from '../signals/signals.js'
import { LevelJudge, type Threshold } from './level-judge.js'
import type { MemoryUse, memoryUse } from './memory-use.js'
import { VolumeMonitor, type VolumeThresholds, type VolumeUse } from './volume-monitor.js'

export interface ResourceThresholds extends VolumeThresholds {
  readonly memoryUsed: Threshold
}

export class ResourceMonitor {
  private readonly memory: LevelJudge
  readonly volume: VolumeMonitor
  /** What was found last. */
  memoryUse: MemoryUse | undefined
  private answeredAt = performance.now()
  private isAsking = false

  constructor(
    private readonly signals: Signals,
    thresholds: ResourceThresholds,
    private readonly look: {
      readonly volume: () => Promise<VolumeUse>
      readonly memory: typeof memoryUse
    },
    nowMs: () => number = () => performance.now(),
  ) {
    this.memory = new LevelJudge(thresholds.memoryUsed, 1)
    this.volume = new VolumeMonitor(signals, thresholds, () => this.look.volume(), nowMs)
  }

  /** How long the volume has not answered. */
  get silentMs(): number {
    return performance.now() - this.answeredAt
  }

  /** Never rejects: what cannot be looked up keeps the level it had. While a volume hangs, it is not asked again. */
  async measure(): Promise<void> {
    await Promise.allSettled([this.measureMemory(), this.isAsking ? undefined : this.askVolume()])
  }

  private async askVolume(): Promise<void> {
    this.isAsking = true
    try {
      await this.volume.measure()
      this.answeredAt = performance.now()
    } finally {
      this.isAsking = false
    }
  }

  private async measureMemory(): Promise<void> {
    const use = await this.look.memory()
    this.memoryUse = use
    const { usedBytes, limitBytes, of } = use
    const level = this.memory.judge(usedBytes / limitBytes)
    const share = Math.round((usedBytes / limitBytes) * 1_000) / 10
    const detail = `${share} % of the memory of the ${of} is used`
    const metrics = { memory_used_bytes: usedBytes, memory_limit_bytes: limitBytes }
    this.signals.tell({ cause: 'memory', level, detail, metrics })
  }
}
