// Looks twice a minute whether the server may still use its data directory, and says what mends it where it may not.

import { resolve } from 'node:path'
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { Metrics } from '../metrics/metrics.js'
import { Signals } from '../signals/signals.js'
import { permissionFaultsOf } from './permission-faults.js'

const EVERY_MS = 30_000

@Injectable()
export class PermissionWatch implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('storage')
  private readonly directory: string
  private timer: NodeJS.Timeout | undefined
  private isLooking = false
  private faults = 0
  private told = ''

  constructor(
    { dataDir }: Settings,
    private readonly signals: Signals,
    metrics: Metrics,
  ) {
    this.directory = resolve(dataDir)
    const help = 'Files and folders of the data directory that the server may not use.'
    metrics.gauge('storage_permission_faults', help, () => this.faults)
  }

  onModuleInit(): void {
    this.timer = setInterval(() => void this.look(), EVERY_MS).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
  }

  /** Never rejects. While a volume does not answer, it is not asked again. Paths are for the log alone. */
  async look(find = () => permissionFaultsOf(this.directory)): Promise<void> {
    if (this.isLooking) return
    this.isLooking = true
    const faults = await find().finally(() => {
      this.isLooking = false
    })
    this.faults = faults.length
    const now = faults.map(({ command }) => command).join('\n')
    if (now !== this.told) for (const fault of faults) this.logger.error({ ...fault, message: 'no permission' })
    this.told = now
    const level = faults.length === 0 ? 'ok' : 'warning'
    const detail = `the server may not use ${faults.length} files or folders of its data directory; its log says which`
    this.signals.tell({ cause: 'storage_permission', level, detail, metrics: { faults: faults.length } })
  }
}
