// Provides, beside the store, the files that its owner keeps with it and what watches over where it lies.
import { resolve } from 'node:path'
import { Module } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { SideStore } from '../contract/side-store.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { MonitorsModule } from '../monitors/monitors.module.js'
import { Monitors } from '../monitors/monitors.service.js'
import { SignalsModule } from '../signals/signals.module.js'
import { OpenStore } from './open-store.js'
import { PermissionWatch } from './permission-watch.service.js'
import { StorageWatch } from './storage-watch.service.js'
import { StoreModule } from './store.module.js'
import { UpkeepNotes } from './upkeep-notes.js'

@Module({
  imports: [MetricsModule, MonitorsModule, SignalsModule, StoreModule],
  providers: [
    { provide: SideStore, useFactory: ({ bare }: OpenStore) => bare.sideStore, inject: [OpenStore] },
    {
      provide: StorageWatch,
      useFactory: ({ bare }: OpenStore, { dataDir }: Settings) => new StorageWatch(bare, resolve(dataDir)),
      inject: [OpenStore, Settings],
    },
    { provide: UpkeepNotes, useFactory: ({ upkeep }: OpenStore) => upkeep, inject: [OpenStore] },
    PermissionWatch,
  ],
  exports: [StoreModule, SideStore, StorageWatch, UpkeepNotes],
})
export class StorageModule {
  constructor(metrics: Metrics, monitors: Monitors) {
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
}
