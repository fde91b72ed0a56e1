// Provides the server's one feed, which the followers of every transport share.
import { Module } from '@nestjs/common'
import { EventStore } from '../contract/event-store.js'
import { ModeModule } from '../degradation/mode.module.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { ServiceLevelsModule } from '../monitors/service-levels.module.js'
import { StoreModule } from '../storage/store.module.js'
import { Tracing } from '../tracing/tracing.js'
import { TracingModule } from '../tracing/tracing.module.js'
import { DeliveryTraces } from './delivery-traces.js'
import { Feed } from './feed.js'

type Around = readonly [metrics: Metrics, tracing: Tracing, levels: ServiceLevels, mode: ModeHolder]

function openFeed(store: EventStore, ...[metrics, tracing, levels, { pressure }]: Around): Feed {
  const traces = tracing.isOn ? new DeliveryTraces(tracing) : undefined
  const feed = new Feed(store, undefined, undefined, { traces, levels, pressure })
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
  imports: [ModeModule, MetricsModule, ServiceLevelsModule, StoreModule, TracingModule],
  providers: [
    { provide: Feed, useFactory: openFeed, inject: [EventStore, Metrics, Tracing, ServiceLevels, ModeHolder] },
  ],
  exports: [Feed],
})
export class FollowingModule {}
