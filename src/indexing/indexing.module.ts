// Finds: events by conditions, and streams by name.
import { Module } from '@nestjs/common'
import { StorageModule } from '../storage/storage.module.js'
import { QueriesController } from './queries.controller.js'
import { Queries } from './queries.service.js'
import { StreamsController } from './streams.controller.js'
import { Streams } from './streams.service.js'

@Module({
  imports: [StorageModule],
  controllers: [QueriesController, StreamsController],
  providers: [Queries, Streams],
})
export class IndexModule {}
