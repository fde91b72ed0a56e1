// Opens the backend and provides it under the contract's name: the only place of the server that knows which one it is.
import { resolve } from 'node:path'
import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common'
import { openEmbedded } from '../backends/embedded/embedded-store.js'
import { RealDisk } from '../backends/embedded/engine/disk/real-disk.js'
import { Layout } from '../backends/embedded/engine/format/names.js'
import { Settings } from '../config/settings.js'
import { EventStore } from '../contract/event-store.js'
import { DegradationModule } from '../degradation/degradation.module.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { logObserver } from './log-observer.js'
import { MeteredStore } from './metered-store.js'
import { metricsObserver, modeObserver, toAll } from './observers.js'
import { SideFiles } from './side-files.js'
import { StorageWatch } from './storage-watch.service.js'

const UNSAFE =
  'ACKNOWLEDGED EVENTS CAN BE LOST: LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM lets the data directory lie on a file system that forgets or reorders what was synced'

async function open(settings: Settings, metrics: Metrics, mode: ModeHolder): Promise<MeteredStore> {
  const { dataDir, nodeId, openFiles, archiveAfterDays, retainArchivesDays, allowUnsafeFilesystem } = settings
  const logger = new Logger('storage')
  const observer = toAll([logObserver(logger), metricsObserver(metrics), modeObserver(mode)])
  if (allowUnsafeFilesystem) logger.warn(UNSAFE)
  const rules = { openFiles, archiveAfterDays, retainArchivesDays, allowUnsafeFilesystem }
  return new MeteredStore(await openEmbedded({ directory: resolve(dataDir), nodeId, observer, ...rules }), metrics)
}

function watched({ dataDir }: Settings, { unmetered }: MeteredStore): StorageWatch {
  return new StorageWatch(unmetered, resolve(dataDir))
}

/** The directory is this server's own as soon as the store is open. */
function besideTheLog({ dataDir }: Settings, _opened: EventStore): SideFiles {
  return new SideFiles(new RealDisk(), new Layout(resolve(dataDir)).snapshots)
}

@Module({
  imports: [MetricsModule, DegradationModule],
  providers: [
    { provide: MeteredStore, useFactory: open, inject: [Settings, Metrics, ModeHolder] },
    { provide: EventStore, useExisting: MeteredStore },
    { provide: StorageWatch, useFactory: watched, inject: [Settings, MeteredStore] },
    { provide: SideFiles, useFactory: besideTheLog, inject: [Settings, EventStore] },
  ],
  exports: [EventStore, SideFiles, StorageWatch],
})
export class StorageModule implements OnApplicationShutdown {
  constructor(private readonly store: EventStore) {}

  /** After everything that may still use it. */
  onApplicationShutdown(): Promise<void> {
    return this.store.close()
  }
}
