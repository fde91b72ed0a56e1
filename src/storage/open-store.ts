// Opens a backend and puts the tracer, the gate and the meter in front of it; what the gate refuses is not measured.
import type { Logger } from '@nestjs/common'
import { EmbeddedStore, openEmbedded } from '../backends/embedded/embedded-store.js'
import type { EmbeddedOptions } from '../backends/embedded/options.js'
import { type FollowerOptions, openFollower } from '../backends/follower/follower-store.js'
import { LocalWriter } from '../backends/follower/local-writer.js'
import type { LogWriter } from '../backends/follower/writer.js'
import { MemoryStore, type MemoryStoreOptions } from '../backends/memory/memory-store.js'
import type { EventStore } from '../contract/event-store.js'
import { Observers } from '../contract/observer.js'
import type { Pressure } from '../contract/pressure.js'
import type { SideStore } from '../contract/side-store.js'
import type { ModeHolder } from '../degradation/mode-holder.js'
import type { Metrics } from '../metrics/metrics.js'
import type { ServiceLevels } from '../monitors/service-levels.js'
import type { Signals } from '../signals/signals.js'
import type { Tracing } from '../tracing/tracing.js'
import { Followers } from './followers.js'
import { gatedStore } from './gated-store.js'
import { meteredStore, showStore } from './metered-store.js'
import { logObserver, metricsObserver, signalsObserver } from './observers.js'
import { SlowOperations } from './slow-operations.js'
import { tracedStore } from './traced-store.js'
import { UpkeepNotes } from './upkeep-notes.js'

/** No setting names the memory backend, because what it acknowledges ends with the process. */
export type BackendOptions =
  | ({ readonly backend: 'embedded'; readonly isFollowed?: boolean } & Omit<EmbeddedOptions, 'observer'>)
  | ({ readonly backend: 'follower'; readonly writer: LogWriter } & Omit<FollowerOptions, 'observer' | 'behind'>)
  | ({ readonly backend: 'memory' } & Omit<MemoryStoreOptions, 'observer'>)

export interface Surroundings {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly mode: ModeHolder
  readonly signals: Signals
  readonly levels: ServiceLevels
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing
}

export interface Backend extends EventStore {
  /** This process owns the files as soon as the store is open. A follower owns none. */
  readonly sideStore?: SideStore
}

export class OpenStore {
  constructor(
    /** Without gate and meter, for reads that no client has requested and that must not show in the figures. */
    readonly bare: Backend,
    /** With gate and meter, for the server. */
    readonly store: EventStore,
    readonly upkeep: UpkeepNotes,
    /** In other threads, where there may be any. */
    readonly followers?: Followers,
  ) {}
}

export async function openStore(
  options: BackendOptions,
  { logger, metrics, mode, signals, levels, tracing }: Surroundings,
): Promise<OpenStore> {
  const upkeep = new UpkeepNotes()
  const told = [logObserver(logger), signalsObserver(signals), upkeep.observer]
  if (levels.measures) told.push(metricsObserver(metrics, levels))
  const writer = options.backend === 'embedded' && options.isFollowed === true ? new LocalWriter() : undefined
  if (writer !== undefined) told.push(writer.observer)
  const bare = await openBackend(options, { observer: new Observers(told), pressure: mode.pressure, levels })
  if (bare instanceof EmbeddedStore) writer?.attach(bare)
  showStore(bare, metrics, levels)
  const meters = { metrics, levels, slow: new SlowOperations(logger, bare) }
  const gated = gatedStore(levels.measures ? meteredStore(bare, meters) : bare, mode)
  const followers = writer === undefined ? undefined : new Followers(writer)
  return new OpenStore(bare, tracing?.isOn === true ? tracedStore(gated, tracing) : gated, upkeep, followers)
}

interface Listeners {
  readonly observer: Observers
  readonly pressure: Pressure
  readonly levels: ServiceLevels
}

async function openBackend(options: BackendOptions, { observer, pressure, levels }: Listeners): Promise<Backend> {
  switch (options.backend) {
    case 'embedded':
      return openEmbedded({ ...options, observer, pressure })
    case 'follower':
      return openFollower(options.writer, { ...options, observer, behind: ms => levels.durable(ms) })
    case 'memory':
      return new MemoryStore({ ...options, observer })
  }
}
