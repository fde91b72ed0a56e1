// Provides the store and the files beside it under the contract's names, and closes the store after its users.
import { resolve } from 'node:path'
import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { EventStore } from '../contract/event-store.js'
import { SideStore } from '../contract/side-store.js'
import { DegradationModule } from '../degradation/degradation.module.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { BusinessCounts } from '../metrics/business-counts.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { MonitorsModule } from '../monitors/monitors.module.js'
import { Monitors } from '../monitors/monitors.service.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { Signals } from '../signals/signals.js'
import { Tracing } from '../tracing/tracing.js'
import { TracingModule } from '../tracing/tracing.module.js'
import { placeArchives } from './archive-place.js'
import { OpenStore, openStore } from './open-store.js'
import { PermissionWatch } from './permission-watch.service.js'
import { ProtectedHistory } from './protected-history.js'
import { StorageWatch } from './storage-watch.service.js'
import { UpkeepNotes } from './upkeep-notes.js'

const UNSAFE =
  'ACKNOWLEDGED EVENTS CAN BE LOST: LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM lets the data directory lie on a file system that forgets or reorders what was synced'

type Around = readonly [
  history: ProtectedHistory,
  metrics: Metrics,
  mode: ModeHolder,
  signals: Signals,
  levels: ServiceLevels,
  tracing: Tracing,
]

function open(settings: Settings, ...[history, metrics, mode, signals, levels, tracing]: Around): Promise<OpenStore> {
  const { dataDir, nodeId, openFiles, archiveAfterDays, retainArchivesDays, allowUnsafeFilesystem } = settings
  const patience = {
    lockWaitMs: settings.lockWaitSeconds * 1_000,
    writeTimeoutMs: settings.storageTimeoutSeconds * 1_000,
  }
  const logger = new Logger('storage')
  if (allowUnsafeFilesystem) logger.warn(UNSAFE)
  const rules = {
    openFiles,
    archiveAfterDays,
    retainArchivesDays,
    allowUnsafeFilesystem,
    ...backupRules(settings, history),
  }
  tracing.recordMoreWhile(() => mode.current !== 'NORMAL')
  const help = 'Spans of traces, by what became of them; dropped: more came than the collector took.'
  metrics.tally('spans_total', help, 'outcome', () => tracing.counts)
  countBusiness(settings, metrics)
  const surroundings = { logger, metrics, mode, signals, levels, tracing }
  const directory = resolve(dataDir)
  const place = settings.archiveDir === '' ? '' : resolve(settings.archiveDir)
  const underLock = () => placeArchives(directory, place)
  return openStore({ backend: 'embedded', directory, nodeId, ...rules, ...patience, underLock }, surroundings)
}

function countBusiness({ businessMetrics }: Settings, metrics: Metrics): void {
  const counts = new BusinessCounts(businessMetrics)
  const help = 'Events that a rule of the configuration counts for what they say.'
  metrics.tallies('business_events_total', help, ['metric', 'event_outcome'], () => counts.values)
  if (businessMetrics.length > 0) metrics.appended.countToo(counts)
}

/** What the store does with the backup that it is told of. */
function backupRules({ restoreFrom, cleanUpDays }: Settings, history: ProtectedHistory) {
  const protectedUpTo = () => history.upTo()
  return { restoreFrom: restoreFrom === '' ? '' : resolve(restoreFrom), cleanUpDays, protectedUpTo }
}

@Module({
  imports: [MetricsModule, DegradationModule, MonitorsModule, TracingModule],
  providers: [
    ProtectedHistory,
    {
      provide: OpenStore,
      useFactory: open,
      inject: [Settings, ProtectedHistory, Metrics, ModeHolder, Signals, ServiceLevels, Tracing],
    },
    { provide: EventStore, useFactory: ({ store }: OpenStore) => store, inject: [OpenStore] },
    { provide: SideStore, useFactory: ({ bare }: OpenStore) => bare.sideStore, inject: [OpenStore] },
    {
      provide: StorageWatch,
      useFactory: ({ bare }: OpenStore, { dataDir }: Settings) => new StorageWatch(bare, resolve(dataDir)),
      inject: [OpenStore, Settings],
    },
    { provide: UpkeepNotes, useFactory: ({ upkeep }: OpenStore) => upkeep, inject: [OpenStore] },
    PermissionWatch,
  ],
  exports: [EventStore, SideStore, StorageWatch, UpkeepNotes, ProtectedHistory],
})
export class StorageModule implements OnApplicationShutdown {
  constructor(
    private readonly store: EventStore,
    metrics: Metrics,
    monitors: Monitors,
  ) {
    metrics.gauge('disk_usage_bytes', 'Bytes that the data directory takes on disk, at most a minute ago.', () => {
      return monitors.directoryBytes ?? Number.NaN
    })
    metrics.gauge('storage_used_ratio', 'Share of the volume of the data that is used, of bytes or inodes.', () => {
      return monitors.volumeFigures?.usedShare ?? Number.NaN
    })
    metrics.gauge('storage_growth_bytes_per_day', 'How fast the volume of the data fills, over the last week.', () => {
      return monitors.volumeFigures?.bytesPerDay ?? Number.NaN
    })
    metrics.gauge('storage_full_in_days', 'When the volume of the data is full at its present growth.', () => {
      return monitors.volumeFigures?.fullInDays ?? Number.NaN
    })
  }

  /** Runs after everything that may still use the store has ended. */
  onApplicationShutdown(): Promise<void> {
    return this.store.close()
  }
}
