// Provides the server's one feed, which the followers of every transport share.
import { Module } from '@nestjs/common'
import { EventStore } from '../contract/event-store.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { MonitorsModule } from '../monitors/monitors.module.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { StorageModule } from '../storage/storage.module.js'
import { Feed } from './feed.js'

function openFeed(store: EventStore, metrics: Metrics, levels: ServiceLevels): Feed {
  const feed = new Feed(store, undefined, undefined, levels)
  metrics.gauge('subscriptions_open', 'Subscriptions and streams that are being followed.', () => feed.open)
  metrics.count('events_delivered_total', 'Events sent to followers.', () => feed.counts.delivered)
  metrics.count(
    'followers_fell_behind_total',
    'How often a follower was too slow for the window of recent events and was served from the log.',
    () => feed.counts.fellBehind,
  )
  return feed
}

@Module({
  imports: [MetricsModule, MonitorsModule, StorageModule],
  providers: [{ provide: Feed, useFactory: openFeed, inject: [EventStore, Metrics, ServiceLevels] }],
  exports: [Feed],
})
export class FollowingModule {}
