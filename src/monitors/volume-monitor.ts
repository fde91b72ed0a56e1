// Tells when the volume of the data runs short: now, soon at its present growth, or of inodes.
import { statfs } from 'node:fs/promises'
import type { SignalLevel, Signals } from '../signals/signals.js'
import { LevelJudge, type Threshold } from './level-judge.js'
import { VolumeGrowth } from './volume-growth.js'

export interface VolumeUse {
  readonly totalBytes: number
  readonly freeBytes: number
  /** Both 0 where the file system has no fixed number of them. */
  readonly totalInodes: number
  readonly freeInodes: number
}

export interface VolumeThresholds {
  /** Shares of the volume that are used, of bytes or of inodes, whichever is more. */
  readonly storageUsed: Threshold
  /** Megabytes of it that are free; 0 says nothing. */
  readonly storageFreeMegabytes: Threshold
}

export interface VolumeFigures {
  readonly usedShare: number
  readonly bytesPerDay: number | undefined
  /** undefined while the volume does not grow, or nobody can say yet. */
  readonly fullInDays: number | undefined
}

const MB = 1_000_000
/** At this part of the share that is a warning people are told, before the mode is: 80 % where that is 90 %. */
const EARLY = 8 / 9
/** What fills up within this time is told of as well. */
const SOON_DAYS = 7
/** Blocked at 95 %, appends are taken again below 90 %; a warning ends below 85 % of its threshold like any other. */
const STORAGE_ENDS_AT = { warning: 0.85, critical: 90 / 95 }

export class VolumeMonitor {
  private readonly used: LevelJudge
  private readonly free: LevelJudge
  private readonly early: LevelJudge
  private readonly growth = new VolumeGrowth()
  /** Where the share is never reached it does not count, nor does its growth: a laptop's disk may be nearly full. */
  private readonly sharesCount: boolean
  figures: VolumeFigures | undefined
  /** What was found last, for those who must not wait for a disk. */
  use: VolumeUse | undefined

  constructor(
    private readonly signals: Signals,
    { storageUsed, storageFreeMegabytes: { warning, critical } }: VolumeThresholds,
    private readonly look: () => Promise<VolumeUse>,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.used = new LevelJudge(storageUsed, 1, STORAGE_ENDS_AT)
    // The less is free the worse it is, so its reciprocal is judged.
    this.free = new LevelJudge({ warning: 1 / (warning * MB), critical: 1 / (critical * MB) }, 1)
    const early = { warning: storageUsed.warning * EARLY, critical: Number.POSITIVE_INFINITY }
    this.early = new LevelJudge(early, 1, { warning: 0.95, critical: 1 })
    this.sharesCount = storageUsed.warning <= 1
  }

  async measure(): Promise<void> {
    const use = await this.look()
    this.use = use
    const { totalBytes, freeBytes, totalInodes, freeInodes } = use
    const ofBytes = 1 - freeBytes / totalBytes
    const ofInodes = totalInodes === 0 ? 0 : 1 - freeInodes / totalInodes
    const usedShare = Math.max(ofBytes, ofInodes)
    const level = worse(this.used.judge(usedShare), this.free.judge(1 / Math.max(freeBytes, 1)))
    const detail =
      ofInodes > ofBytes
        ? `${freeInodes} inodes of the volume of the data are free`
        : `${Math.floor(freeBytes / MB)} MB of the volume of the data are free`
    const metrics = { storage_free_bytes: freeBytes, storage_total_bytes: totalBytes, storage_free_inodes: freeInodes }
    this.signals.tell({ cause: 'storage_space', level, detail, metrics })
    this.growth.note(this.nowMs(), totalBytes - freeBytes)
    this.tellGrowth(usedShare, freeBytes)
  }

  private tellGrowth(usedShare: number, freeBytes: number): void {
    const { bytesPerDay } = this.growth
    const fullInDays = bytesPerDay !== undefined && bytesPerDay > 0 ? freeBytes / bytesPerDay : undefined
    this.figures = { usedShare, bytesPerDay, fullInDays }
    const soon = this.sharesCount && fullInDays !== undefined && fullInDays < SOON_DAYS
    const level = worse(this.early.judge(usedShare), soon ? 'warning' : 'ok')
    const percent = `${Math.floor(usedShare * 100)} % of the volume of the data are used`
    const detail = soon ? `${percent}, and at its present growth it is full in ${fullInDays.toFixed(1)} days` : percent
    const metrics = {
      storage_used_share: usedShare,
      ...(bytesPerDay === undefined ? {} : { bytes_per_day: bytesPerDay }),
    }
    this.signals.tell({ cause: 'storage_growth', level, detail, metrics })
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
