// Provides the one feed of a server, whatever its followers are sent over.
import { type DynamicModule, Module, type Type } from '@nestjs/common'
import { EventStore } from '../contract/event-store.js'
import { Metrics } from '../metrics/metrics.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { Feed } from './feed.js'

function openFeed(store: EventStore, metrics: Metrics): Feed {
  const feed = new Feed(store)
  metrics.gauge('subscriptions_open', 'Subscriptions and streams that are being followed.', () => feed.open)
  metrics.count('events_delivered_total', 'Events sent to followers.', () => feed.counts.delivered)
  metrics.count(
    'followers_fell_behind_total',
    'How often a follower was too slow for the window of recent events and was served from the log.',
    () => feed.counts.fellBehind,
  )
  return feed
}

const made = new WeakMap<Type, DynamicModule>()

@Module({})
export class FollowingModule {
  /** `storage` is the module that provides the store. Every feature that follows gets the same feed. */
  static over(storage: Type): DynamicModule {
    const known = made.get(storage)
    if (known !== undefined) return known
    const module: DynamicModule = {
      module: FollowingModule,
      imports: [MetricsModule, storage],
      providers: [{ provide: Feed, useFactory: openFeed, inject: [EventStore, Metrics] }],
      exports: [Feed],
    }
    made.set(storage, module)
    return module
  }
}
