// Tells when memory or the volume of the data runs short.
import { statfs } from 'node:fs/promises'
import type { SignalLevel, Signals } from '../signals/signals.js'
import { LevelJudge, type Threshold } from './level-judge.js'
import { type MemoryUse, type memoryUse } from './memory-use.js'

export interface ResourceThresholds {
  /** Shares of the volume that are used. */
  readonly storageUsed: Threshold
  /** Megabytes of it that are free; 0 says nothing. */
  readonly storageFreeMegabytes: Threshold
  readonly memoryUsed: Threshold
}

export interface VolumeUse {
  readonly totalBytes: number
  readonly freeBytes: number
  /** 0 where the file system has no fixed number of them. */
  readonly totalInodes: number
  readonly freeInodes: number
}

const MB = 1_000_000

export class ResourceMonitor {
  private readonly memory: LevelJudge
  private readonly used: LevelJudge
  private readonly free: LevelJudge
  /** What was found last, for those who must not wait for a disk. */
  volume: VolumeUse | undefined
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
  ) {
    this.memory = new LevelJudge(thresholds.memoryUsed, 1)
    this.used = new LevelJudge(thresholds.storageUsed, 1)
    const { warning, critical } = thresholds.storageFreeMegabytes
    // The less is free the worse it is, so its reciprocal is judged.
    this.free = new LevelJudge({ warning: 1 / (warning * MB), critical: 1 / (critical * MB) }, 1)
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
      await this.measureVolume()
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

  private async measureVolume(): Promise<void> {
    const use = await this.look.volume()
    this.volume = use
    const { totalBytes, freeBytes } = use
    const level = worse(this.used.judge(1 - freeBytes / totalBytes), this.free.judge(1 / Math.max(freeBytes, 1)))
    const detail = `${Math.floor(freeBytes / MB)} MB of the volume of the data are free`
    const metrics = { storage_free_bytes: freeBytes, storage_total_bytes: totalBytes }
    this.signals.tell({ cause: 'storage_space', level, detail, metrics })
  }
}

export async function volumeOf(directory: string): Promise<VolumeUse> {
  const { blocks, bavail, bsize, files, ffree } = await statfs(directory)
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize, totalInodes: files, freeInodes: ffree }
}

function worse(one: SignalLevel, other: SignalLevel): SignalLevel {
  if (one === 'critical' || other === 'critical') return 'critical'
  return one === 'warning' ? one : other
}
