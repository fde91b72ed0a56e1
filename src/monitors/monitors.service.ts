// Runs the monitors every five seconds, and logs what they tell.
import { resolve } from 'node:path'
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { Signals } from '../signals/signals.js'
import { memoryUse } from './memory-use.js'
import { ResourceMonitor } from './resource-monitor.js'
import { ServiceLevels, SLICE_MS, TIMED_WORK } from './service-levels.js'
import { type VolumeFigures, volumeOf } from './volume-monitor.js'
import { WriteMonitor } from './write-monitor.js'

@Injectable()
export class Monitors implements OnModuleInit, OnApplicationShutdown {
  private readonly writes: WriteMonitor
  private readonly resources: ResourceMonitor
  private timer: NodeJS.Timeout | undefined
  private isMeasuring = false

  constructor(
    private readonly levels: ServiceLevels,
    signals: Signals,
    { modeThresholds, dataDir }: Settings,
  ) {
    this.writes = new WriteMonitor(levels, signals, modeThresholds)
    const directory = resolve(dataDir)
    this.resources = new ResourceMonitor(signals, modeThresholds, {
      volume: () => volumeOf(directory),
      memory: memoryUse,
    })
    const logger = new Logger('monitors')
    signals.listen(({ cause, level, detail, metrics: figures }) => {
      logger[level === 'ok' ? 'log' : 'warn']({
        cause,
        level,
        ...figures,
        message: level === 'ok' ? `${cause} is over` : detail,
      })
    })
  }

  onModuleInit(): void {
    this.timer = setInterval(() => void this.look(), SLICE_MS).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
  }

  /** undefined until the volume was looked at. */
  get volume(): VolumeFigures | undefined {
    return this.resources.volume.figures
  }

  /** Never rejects. While a volume does not answer, it is not asked again. */
  async look(): Promise<void> {
    this.writes.look()
    for (const operation of TIMED_WORK) if (operation !== 'append') this.levels.slide(operation)
    if (this.isMeasuring) return
    this.isMeasuring = true
    await this.resources.measure()
    this.isMeasuring = false
  }
}
