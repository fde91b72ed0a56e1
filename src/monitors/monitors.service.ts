// Runs the monitors every five seconds, and logs what they tell.
import { resolve } from 'node:path'
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { Signals } from '../signals/signals.js'
import { memoryUse } from './memory-use.js'
import { ResourceMonitor, volumeOf } from './resource-monitor.js'
import { ServiceLevels, SLICE_MS } from './service-levels.js'
import { breachOf, ServiceObjectives } from './service-objectives.js'
import { WriteMonitor } from './write-monitor.js'

@Injectable()
export class Monitors implements OnModuleInit, OnApplicationShutdown {
  readonly objectives: ServiceObjectives
  private readonly writes: WriteMonitor
  private readonly resources: ResourceMonitor
  private timer: NodeJS.Timeout | undefined
  private isMeasuring = false

  constructor(
    private readonly levels: ServiceLevels,
    signals: Signals,
    { modeThresholds, serviceLevels, dataDir }: Settings,
  ) {
    this.writes = new WriteMonitor(levels, signals, modeThresholds)
    const directory = resolve(dataDir)
    this.resources = new ResourceMonitor(signals, modeThresholds, {
      volume: () => volumeOf(directory),
      memory: memoryUse,
    })
    const logger = new Logger('monitors')
    this.objectives = new ServiceObjectives(signals, serviceLevels, state => {
      const { objective, level, budgetRemaining, burn } = state
      const line = { objective, level, budget_remaining: budgetRemaining, burn, message: breachOf(state) }
      logger[level === 'ok' ? 'log' : 'warn'](line)
    })
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

  /** Never rejects. While a volume does not answer, it is not asked again. */
  async look(): Promise<void> {
    this.objectives.look({
      append: this.writes.look(),
      query: this.levels.slide('query'),
      sync: this.levels.slide('sync'),
      delivery: this.levels.slide('delivery'),
    })
    if (this.isMeasuring) return
    this.isMeasuring = true
    await this.resources.measure()
    this.isMeasuring = false
  }
}
