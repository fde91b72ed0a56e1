// Consumer groups: their routes, and the service by which other parts consume.
import { Module } from '@nestjs/common'
import { MetricsModule } from '../../metrics/metrics.module.js'
import { StorageModule } from '../../storage/storage.module.js'
import { GroupsController } from './groups.controller.js'
import { Groups } from './groups.service.js'
import { GroupsUpkeep } from './groups-upkeep.service.js'

@Module({
  imports: [StorageModule, MetricsModule],
  controllers: [GroupsController],
  providers: [Groups, GroupsUpkeep],
  exports: [Groups],
})
export class GroupsModule {}
