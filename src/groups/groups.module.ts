// The module of consumer groups: their HTTP routes and their WebSocket frames.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { FollowingModule } from '../following/following.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StoreModule } from '../storage/store.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { Groups } from './groups.service.js'
import { GroupsUpkeep } from './groups-upkeep.service.js'
import { GroupsController } from './http/groups.controller.js'
import { ConsumedGroups } from './websocket/consumed-groups.js'
import { ConsumingFrames } from './websocket/consuming.service.js'
import { LocalGroups } from './websocket/local-groups.service.js'
import { ThreadConsumers } from './websocket/thread-consumers.service.js'

@Module({
  imports: [AuthModule, FollowingModule, MetricsModule, ServiceStreamsModule, StoreModule, StreamingModule],
  controllers: [GroupsController],
  providers: [
    ConsumingFrames,
    Groups,
    GroupsUpkeep,
    LocalGroups,
    { provide: ConsumedGroups, useExisting: LocalGroups },
    ThreadConsumers,
  ],
  exports: [ThreadConsumers],
})
export class GroupsModule {}
