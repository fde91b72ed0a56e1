// Runs the checks behind a health route and reports the result of each.
import { Injectable, ServiceUnavailableException } from '@nestjs/common'
import {
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorFunction,
  HealthIndicatorService,
} from '@nestjs/terminus'
import { COMPONENTS, type Component, ComponentChecks } from './component-checks.service.js'
import { type HealthReport, reportOf } from './report.js'
import { StoreCheck } from './store-check.service.js'

@Injectable()
export class Readiness {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly store: StoreCheck,
    private readonly checks: ComponentChecks,
  ) {}

  async report(): Promise<HealthReport> {
    return this.reportOf([() => this.process(), ...this.storage()])
  }

  async components(names: readonly Component[] = COMPONENTS): Promise<HealthReport> {
    return this.reportOf(names.map(name => () => this.checks.check(name)))
  }

  private async reportOf(indicators: HealthIndicatorFunction[]): Promise<HealthReport> {
    return reportOf(await this.outcome(indicators), new Date())
  }

  /** Terminus throws its result when something is down, but here that is an answer like any other. */
  private async outcome(indicators: HealthIndicatorFunction[]): Promise<HealthCheckResult> {
    try {
      return await this.health.check(indicators)
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
    const { status, details } = this.store.readiness()
    const storage = this.indicators.check('storage')
    const said = {
      up: () => storage.up(details),
      degraded: () => storage.degraded(details),
      down: () => storage.down(details),
    }
    return [said[status]]
  }
}
