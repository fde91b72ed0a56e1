// Looks at every component each few seconds, and tells scrapers and the history what it found.
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common'
import { TokenVerifier } from '../auth/token-verifier.js'
import { Metrics } from '../metrics/metrics.js'
import { Monitors } from '../monitors/monitors.service.js'
import { COMPONENTS, ComponentChecks } from './component-checks.service.js'
import type { State } from './component-findings.js'
import { type HealthChange, HealthHistory } from './health-history.js'

const EVERY_MS = 5_000

@Injectable()
export class ComponentHistory implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly history = new HealthHistory()
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly checks: ComponentChecks,
    private readonly metrics: Metrics,
    private readonly monitors: Monitors,
    private readonly tokens: TokenVerifier,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.tellMetrics()
    this.timer = setInterval(() => void this.look(), EVERY_MS).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
  }

  get changes(): readonly HealthChange[] {
    return this.history.changes
  }

  /** How each component was when it was last looked at, by its name. */
  get states(): HealthHistory['states'] {
    return this.history.states
  }

  /** Never rejects, because no check does. */
  async look(): Promise<void> {
    // A server that is not ready is shown no token, so nothing else would ask for the keys again.
    this.tokens.retryKeys()
    for (const component of COMPONENTS) {
      const { state } = await this.checks.find(component)
      this.history.note(component, state, new Date())
    }
  }

  /** What the kernel does not tell here has no metric, because a zero would be a lie. */
  private tellMetrics(): void {
    const { metrics, monitors } = this
    const unknown = Number.NaN
    const figure = (name: string) => Number(monitors.memory[name] ?? unknown)
    metrics.gauge('memory_used_bytes', 'Memory in use, of the container or else of the heap.', () =>
      figure('usedBytes'),
    )
    metrics.gauge('memory_limit_bytes', 'What it may be at most.', () => figure('limitBytes'))
    metrics.gauge(
      'memory_growth_per_hour',
      'What the heap grows by under a steady load, as a share; NaN while unknown.',
      () => figure('heapGrowthPerHour'),
    )
    metrics.gauge(
      'event_loop_wait_seconds',
      'How long 99 of 100 turns of the event loop waited at most.',
      () => monitors.loop.waitMs / 1_000,
    )
    const help = '1 while the component is up, 0.5 while it is degraded, 0 while it is down.'
    metrics.table('component_up', help, ['component'], () =>
      [...this.history.states].map(([component, state]) => ({ labels: { component }, value: UP[state] })),
    )
    for (const [name, [metric, help]] of Object.entries(TRAFFIC)) {
      const key = name as keyof typeof TRAFFIC
      if (monitors.traffic[key] !== undefined) metrics.count(metric, help, () => monitors.traffic[key] ?? 0)
    }
  }
}

const UP: Readonly<Record<State, number>> = { up: 1, degraded: 0.5, down: 0 }

const TRAFFIC = {
  diskReadBytes: ['disk_read_bytes_total', 'Bytes this process read from disks.'],
  diskWrittenBytes: ['disk_written_bytes_total', 'Bytes this process wrote to disks.'],
  networkReceivedBytes: ['network_received_bytes_total', 'Bytes received by the interfaces but loopback.'],
  networkSentBytes: ['network_sent_bytes_total', 'Bytes sent by them.'],
} as const
