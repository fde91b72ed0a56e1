// The stream: subscriptions, consumers of groups, and appends over the same socket.
import { type DynamicModule, Module } from '@nestjs/common'
import { FollowingModule } from '../following/following.module.js'
import { GroupsModule } from '../groups/groups.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { WireModule } from '../wire/wire.module.js'
import { ConsumingFrames } from './consuming.service.js'
import { FrameHandlers } from './frame-handlers.service.js'
import { Handshakes } from './handshake.service.js'
import { Pings } from './pings.service.js'
import { SocketAppends } from './socket-appends.service.js'
import { SocketCounts } from './socket-counts.service.js'
import { StreamGateway } from './stream.gateway.js'
import { Subscribing } from './subscribing.service.js'

@Module({})
export class SubscriptionsModule {
  /** `auth` and `events` are the application's own: its quotas, and the door its appends go through. */
  static of(auth: DynamicModule, events: DynamicModule): DynamicModule {
    return {
      module: SubscriptionsModule,
      imports: [
        FollowingModule.over(StorageModule),
        GroupsModule.of(auth),
        StorageModule,
        StreamingModule,
        WireModule,
        auth,
        events,
      ],
      providers: [
        ConsumingFrames,
        FrameHandlers,
        Handshakes,
        Pings,
        SocketAppends,
        SocketCounts,
        StreamGateway,
        Subscribing,
      ],
      exports: [Handshakes],
    }
  }
}
