// Snapshots of folded states: their routes, what makes them in the background, and the states replays begin with.
import { type DynamicModule, Logger, Module } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { EventStore } from '../contract/event-store.js'
import { SideStore } from '../contract/side-store.js'
import { Folds } from '../folding/fold-catalog.service.js'
import { Replays } from '../folding/replays.service.js'
import { KeptStates } from '../folding/snapshot-source.service.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { History } from './log-lineage.js'
import { QUIET_MS } from './snapshot-rules.js'
import { Keeper } from './snapshot-scheduler.service.js'
import { Shelf } from './snapshot-store.js'
import { SnapshotsController } from './snapshots.controller.js'
import { type SnapshotParts, Snapshots } from './snapshots.service.js'

const MB = 1_000_000

/** What snapshots are made of, without a clock of its own. */
export function snapshotParts(
  given: Pick<SnapshotParts, 'store' | 'replays' | 'folds' | 'keptStates' | 'files' | 'nowMs'>,
): SnapshotParts {
  const counts = { made: {}, used: 0, quarantined: 0, wrong: 0 }
  const lost = new Set<string>()
  const logger = new Logger('snapshots')
  const history = new History(given.store)
  const shelf = new Shelf(given.files, history, (id, reason) => {
    counts.quarantined++
    lost.add(id)
    logger.warn({ snapshot: id, reason, message: 'a snapshot is moved to quarantine' })
  })
  return { ...given, history, shelf, counts, lost }
}

function snapshots(
  store: EventStore,
  files: SideStore,
  ...[replays, folds, keptStates]: [Replays, Folds, KeptStates]
): Snapshots {
  return new Snapshots(snapshotParts({ store, files, replays, folds, keptStates, nowMs: Date.now }))
}

function keeper(made: Snapshots, store: EventStore, metrics: Metrics, settings: Settings): Keeper {
  const { shelf, counts } = made.parts
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
  return new Keeper(
    made,
    { store, nowMs: Date.now, requests },
    {
      ...{ events: settings.snapshotEvents, growthBytes: settings.snapshotLogMegabytes * MB, quietMs: QUIET_MS },
      quietHours: settings.snapshotQuietHours,
      quietRequestsPerMinute: settings.snapshotQuietRequests,
    },
  )
}

@Module({})
export class SnapshotsModule {
  /** `replay` is the application's own module, whose replays are to begin with them. */
  static of(replay: DynamicModule): DynamicModule {
    return {
      module: SnapshotsModule,
      imports: [StorageModule, MetricsModule, replay],
      controllers: [SnapshotsController],
      providers: [
        { provide: Snapshots, useFactory: snapshots, inject: [EventStore, SideStore, Replays, Folds, KeptStates] },
        { provide: Keeper, useFactory: keeper, inject: [Snapshots, EventStore, Metrics, Settings] },
      ],
      exports: [Snapshots],
    }
  }
}
