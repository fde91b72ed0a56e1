// Assembles snapshots: their routes, what makes them in the background, and the states that replays begin with.
import { Module } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { EventStore } from '../contract/event-store.js'
import { SideStore } from '../contract/side-store.js'
import { ModeModule } from '../degradation/mode.module.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { FoldCatalog } from '../folding/fold-catalog.service.js'
import { FoldingModule } from '../folding/folding.module.js'
import { Replays } from '../folding/replays.service.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ProtectedHistory } from '../storage/protected-history.js'
import { StorageModule } from '../storage/storage.module.js'
import { QUIET_MS } from './snapshot-rules.js'
import { SnapshotScheduler } from './snapshot-scheduler.service.js'
import { SnapshotsController } from './snapshots.controller.js'
import { Snapshots } from './snapshots.service.js'

const MB = 1_000_000

function snapshots(files: SideStore, folds: FoldCatalog, replays: Replays, history: ProtectedHistory): Snapshots {
  const made = new Snapshots(files, folds, replays, Date.now)
  history.claim(() => made.protectedUpTo)
  return made
}

type Around = readonly [store: EventStore, metrics: Metrics, settings: Settings, mode: ModeHolder]

function keeper(made: Snapshots, ...[store, metrics, settings, { pressure }]: Around): SnapshotScheduler {
  const { shelf, counts } = made
  metrics.gauge('snapshots', 'Snapshots at hand.', () => made.all.length)
  metrics.gauge('snapshot_bytes', 'Bytes of their files.', () => shelf.bytes)
  metrics.tally('snapshots_made_total', 'Snapshots made, by what made them due.', 'reason', () => counts.made)
  metrics.count('snapshots_used_total', 'Replays that began with a snapshot.', () => counts.used)
  metrics.count('snapshots_quarantined_total', 'Snapshots moved to quarantine.', () => counts.quarantined)
  metrics.count('snapshots_wrong_total', 'Of them, those that were not what the log says.', () => counts.wrong)
  const requests = async () => {
    const { values } = await metrics.httpDuration.get()
    return values.reduce((sum, { metricName, value }) => sum + (metricName?.endsWith('_count') ? value : 0), 0)
  }
  return new SnapshotScheduler(
    made,
    { store, nowMs: Date.now, requests, pressure },
    {
      events: settings.snapshotEvents,
      growthBytes: settings.snapshotLogMegabytes * MB,
      quietMs: QUIET_MS,
      quietHours: settings.snapshotQuietHours,
      quietRequestsPerMinute: settings.snapshotQuietRequests,
    },
  )
}

@Module({
  imports: [ModeModule, FoldingModule, MetricsModule, StorageModule],
  controllers: [SnapshotsController],
  providers: [
    { provide: Snapshots, useFactory: snapshots, inject: [SideStore, FoldCatalog, Replays, ProtectedHistory] },
    { provide: SnapshotScheduler, useFactory: keeper, inject: [Snapshots, EventStore, Metrics, Settings, ModeHolder] },
  ],
})
export class SnapshotsModule {}
