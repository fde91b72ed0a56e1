// Makes the answer of a health route from the result of Terminus. Pure.
import type { HealthCheckResult } from '@nestjs/terminus'
import type { HealthChange } from './health-history.js'

export interface HealthReport {
  readonly status: HealthCheckResult['status']
  readonly timestamp: string
  readonly checks: readonly ComponentHealth[]
  /** Of `/health/detailed` alone. */
  readonly history?: readonly HealthChange[]
}

export interface ComponentHealth {
  readonly component: string
  readonly status: string
  readonly lastCheck: string
  readonly details: Readonly<Record<string, unknown>>
}

export function reportOf(result: HealthCheckResult, at: Date): HealthReport {
  const timestamp = at.toISOString()
  const checks = Object.entries(result.details).map(([component, { status, ...details }]) => {
    return { component, status, lastCheck: timestamp, details }
  })
  return { status: result.status, timestamp, checks }
}
