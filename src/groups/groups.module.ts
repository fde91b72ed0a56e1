// Consumer groups: their routes, and the service by which other parts consume.
import { type DynamicModule, Module } from '@nestjs/common'
import { FollowingModule } from '../following/following.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { Groups } from './groups.service.js'
import { GroupsUpkeep } from './groups-upkeep.service.js'
import { GroupsController } from './http/groups.controller.js'

@Module({})
export class GroupsModule {
  /** `auth` is the application's own: its budgets, and the tokens it has revoked. */
  static of(auth: DynamicModule): DynamicModule {
    return {
      module: GroupsModule,
      imports: [
        StorageModule,
        StreamingModule,
        ServiceStreamsModule,
        MetricsModule,
        FollowingModule.over(StorageModule),
        auth,
      ],
      controllers: [GroupsController],
      providers: [Groups, GroupsUpkeep],
      exports: [Groups],
    }
  }
}
