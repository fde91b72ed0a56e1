// Upcasters: their routes, and the service by which folds and readers of events ask for those in force.
import { Module } from '@nestjs/common'
import { StorageModule } from '../../storage/storage.module.js'
import { UpcastersController } from './upcasters.controller.js'
import { Upcasting } from './upcasting.service.js'

@Module({ imports: [StorageModule], controllers: [UpcastersController], providers: [Upcasting], exports: [Upcasting] })
export class UpcastingModule {}
