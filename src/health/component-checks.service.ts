// Asks each component (event store, storage, network, memory) for what is known of it, which takes no look at a disk.
import { Injectable } from '@nestjs/common'
import { HealthIndicatorService } from '@nestjs/terminus'
import { codeOf } from '../contract/errors.js'
import { Monitors } from '../monitors/monitors.service.js'
import {
  type ComponentFinding,
  type Details,
  memoryFinding,
  storageFinding,
  storeFinding,
} from './component-findings.js'
import { NetworkCheck } from './network-check.service.js'
import { StoreCheck } from './store-check.service.js'

export const COMPONENTS = ['event_store', 'storage', 'network', 'memory'] as const
export type Component = (typeof COMPONENTS)[number]

@Injectable()
export class ComponentChecks {
  constructor(
    private readonly store: StoreCheck,
    private readonly net: NetworkCheck,
    private readonly monitors: Monitors,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(component: Component) {
    const { state, details } = await this.find(component)
    const indicator = this.indicators.check<string>(component)
    if (state === 'up') return indicator.up(details)
    return state === 'degraded' ? indicator.degraded(details) : indicator.down(details)
  }

  /** A check that fails reports its component as down. */
  async find(component: Component): Promise<ComponentFinding> {
    try {
      return await this.look(component)
    } catch (error) {
      return { state: 'down', details: { reason: codeOf(error) ?? 'failed' } }
    }
  }

  private look(component: Component): ComponentFinding | Promise<ComponentFinding> {
    if (component === 'event_store') return this.eventStore()
    if (component === 'storage') return this.storage()
    return component === 'network' ? this.net.look() : this.memory()
  }

  private eventStore(): ComponentFinding {
    const { status, details } = this.store.health()
    const { syncP99Ms } = this.monitors
    const levels = this.monitors.levelsOf('write_latency', 'write_errors', 'integrity')
    return storeFinding({ state: status, details: details as Details, syncP99Ms, levels })
  }

  private storage(): ComponentFinding {
    const { write } = this.store.standing.status
    return storageFinding({
      ...this.monitors.volume,
      writable: write.writable,
      usedBytes: this.monitors.directoryBytes ?? null,
      levels: this.monitors.levelsOf('storage_space', 'storage_growth', 'storage_hung', 'storage_permission'),
    })
  }

  private memory(): ComponentFinding {
    const levels = this.monitors.levelsOf('memory', 'memory_leak', 'event_loop', 'descriptors')
    return memoryFinding({ details: this.monitors.memory, levels })
  }
}
