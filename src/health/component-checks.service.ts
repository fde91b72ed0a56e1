// Checks each component (event store, storage, network, memory) within a time limit of its own.

import { resolve } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import { Injectable } from '@nestjs/common'
import { HealthIndicatorService } from '@nestjs/terminus'
import { Settings } from '../config/settings.js'
import { codeOf } from '../contract/errors.js'
import { volumeOf } from '../monitors/volume-monitor.js'
import { NetworkCheck } from './network-check.service.js'
import { StoreCheck } from './store-check.service.js'

export const COMPONENTS = ['event_store', 'storage', 'network', 'memory'] as const
export type Component = (typeof COMPONENTS)[number]

/** A check that hangs counts as down, so that all of them together stay below 100 ms. */
const TIMEOUT_MS = 50
const LEAST_FREE_SHARE = 0.05
const MOST_HEAP_SHARE = 0.9

type State = 'up' | 'degraded' | 'down'
type Details = Readonly<Record<string, string | number | boolean | null>>

interface Finding {
  readonly state: State
  readonly details: Details
}

@Injectable()
export class ComponentChecks {
  constructor(
    private readonly store: StoreCheck,
    private readonly net: NetworkCheck,
    private readonly settings: Settings,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(component: Component) {
    const { state, details } = await within(TIMEOUT_MS, this.look(component))
    const indicator = this.indicators.check<string>(component)
    if (state === 'up') return indicator.up(details)
    return state === 'degraded' ? indicator.degraded(details) : indicator.down(details)
  }

  /** A promise, so that a check that throws at once has failed as any other has. */
  private async look(component: Component): Promise<Finding> {
    if (component === 'event_store') return this.eventStore()
    if (component === 'storage') return this.storage()
    return component === 'network' ? this.net.look() : memory()
  }

  private eventStore(): Finding {
    const { status, details } = this.store.health()
    return { state: status, details: details as Details }
  }

  /** Reveals no path, because this route needs no token. */
  private async storage(): Promise<Finding> {
    const { freeBytes, totalBytes } = await volumeOf(resolve(this.settings.dataDir))
    const { write, size } = this.store.standing.status
    const scarce = freeBytes < totalBytes * LEAST_FREE_SHARE
    const usedBytes = size?.diskBytes ?? 0
    const facts = { freeBytes, totalBytes, usedBytes, writable: write.writable }
    return { state: scarce || !write.writable ? 'degraded' : 'up', details: facts }
  }
}

function memory(): Finding {
  const { heap_size_limit: heapLimitBytes, used_heap_size: heapBytes } = getHeapStatistics()
  const details = { heapBytes, heapLimitBytes, residentBytes: process.memoryUsage.rss() }
  return { state: heapBytes > heapLimitBytes * MOST_HEAP_SHARE ? 'degraded' : 'up', details }
}

/** A check that fails or does not answer in time reports its component as down. */
async function within(milliseconds: number, finding: Promise<Finding>): Promise<Finding> {
  const late = Promise.withResolvers<Finding>()
  const timer = setTimeout(
    () => late.resolve({ state: 'down', details: { reason: 'no answer in time' } }),
    milliseconds,
  )
  try {
    return await Promise.race([finding, late.promise])
  } catch (error) {
    return { state: 'down', details: { reason: codeOf(error) ?? 'failed' } }
  } finally {
    clearTimeout(timer)
  }
}
