// Provides the store under the contract's name, and closes it after its users.
import { resolve } from 'node:path'
import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common'
import { PortWriter } from '../backends/follower/port-writer.js'
import { Settings } from '../config/settings.js'
import { EventStore } from '../contract/event-store.js'
import { ModeModule } from '../degradation/mode.module.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { BusinessCounts } from '../metrics/business-counts.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { ServiceLevelsModule } from '../monitors/service-levels.module.js'
import { Signals } from '../signals/signals.js'
import { type LogPort, ThisThread } from '../threads/this-thread.js'
import { Tracing } from '../tracing/tracing.js'
import { TracingModule } from '../tracing/tracing.module.js'
import { placeArchives } from './archive-place.js'
import { type BackendOptions, OpenStore, openStore } from './open-store.js'
import { ProtectedHistory } from './protected-history.js'

const UNSAFE =
  'ACKNOWLEDGED EVENTS CAN BE LOST: LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM lets the data directory lie on a file system that forgets or reorders what was synced'

type Around = readonly [
  thread: ThisThread,
  history: ProtectedHistory,
  metrics: Metrics,
  mode: ModeHolder,
  signals: Signals,
  levels: ServiceLevels,
  tracing: Tracing,
]

function open(
  settings: Settings,
  ...[thread, history, metrics, mode, signals, levels, tracing]: Around
): Promise<OpenStore> {
  const logger = new Logger('storage')
  tracing.recordMoreWhile(() => mode.current !== 'NORMAL')
  const help = 'Spans of traces, by what became of them; dropped: more came than the collector took.'
  metrics.tally('spans_total', help, 'outcome', () => tracing.counts)
  countBusiness(settings, metrics)
  const surroundings = { logger, metrics, mode, signals, levels, tracing }
  const { log } = thread
  if (log === undefined) return openStore(ownedBy(thread, settings, history), surroundings)
  return followed(log, settings).then(options => openStore(options, surroundings))
}

function ownedBy({ fronts }: ThisThread, settings: Settings, history: ProtectedHistory): BackendOptions {
  const { nodeId, openFiles, archiveAfterDays, retainArchivesDays, allowUnsafeFilesystem } = settings
  if (allowUnsafeFilesystem) new Logger('storage').warn(UNSAFE)
  const directory = resolve(settings.dataDir)
  const place = settings.archiveDir === '' ? '' : resolve(settings.archiveDir)
  return {
    backend: 'embedded',
    directory,
    nodeId,
    openFiles,
    archiveAfterDays,
    retainArchivesDays,
    allowUnsafeFilesystem,
    ...backupRules(settings, history),
    lockWaitMs: settings.lockWaitSeconds * 1_000,
    writeTimeoutMs: settings.storageTimeoutSeconds * 1_000,
    underLock: () => placeArchives(directory, place),
    isFollowed: fronts > 0,
  }
}

async function followed({ port, memory }: LogPort, { dataDir, openFiles }: Settings): Promise<BackendOptions> {
  const writer = await PortWriter.connect(port, memory)
  return { backend: 'follower', directory: resolve(dataDir), openFiles, writer, verify: false }
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
  imports: [MetricsModule, ModeModule, ServiceLevelsModule, TracingModule],
  providers: [
    ProtectedHistory,
    {
      provide: OpenStore,
      useFactory: open,
      inject: [Settings, ThisThread, ProtectedHistory, Metrics, ModeHolder, Signals, ServiceLevels, Tracing],
    },
    { provide: EventStore, useFactory: ({ store }: OpenStore) => store, inject: [OpenStore] },
  ],
  exports: [EventStore, OpenStore, ProtectedHistory],
})
export class StoreModule implements OnApplicationShutdown {
  constructor(private readonly store: EventStore) {}

  /** Runs after everything that may still use the store has ended. */
  onApplicationShutdown(): Promise<void> {
    return this.store.close()
  }
}
