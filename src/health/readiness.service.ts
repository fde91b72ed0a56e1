// Asks everything the server needs in order to serve, and reports what each part answered.
import { Injectable, ServiceUnavailableException } from '@nestjs/common'
import { type HealthCheckResult, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus'
import { EventStore } from '../contract/event-store.js'
import { type HealthReport, reportOf } from './report.js'
import { storageHealth } from './storage-health.js'

@Injectable()
export class Readiness {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly store: EventStore,
  ) {}

  async report(): Promise<HealthReport> {
    const result = await this.outcome()
    return reportOf(result, new Date())
  }

  /** Terminus throws its result when something is down; here that is an answer like any other. */
  private async outcome(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([() => this.process(), ...this.storage()])
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult
      throw error
    }
  }

  private process() {
    const details = { uptimeSeconds: Math.round(process.uptime()), node: process.versions.node }
    return this.indicators.check('process').up(details)
  }

  private storage() {
    const { status, details } = storageHealth(this.store.status())
    const storage = this.indicators.check('storage')
    const said = {
      up: () => storage.up(details),
      degraded: () => storage.degraded(details),
      down: () => storage.down(details),
    }
    return [said[status]]
  }
}
