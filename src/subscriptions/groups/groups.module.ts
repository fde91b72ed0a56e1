// Consumer groups: their routes, and the service by which other parts consume.
import { Module } from '@nestjs/common'
import { StorageModule } from '../../storage/storage.module.js'
import { GroupsController } from './groups.controller.js'
import { Groups } from './groups.service.js'

@Module({ imports: [StorageModule], controllers: [GroupsController], providers: [Groups], exports: [Groups] })
export class GroupsModule {}
