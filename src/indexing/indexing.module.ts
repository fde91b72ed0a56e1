// Provides queries by conditions, the list of streams, and causes and effects over HTTP.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { StoreModule } from '../storage/store.module.js'
import { CausationController } from './causation.controller.js'
import { Causation } from './causation.service.js'
import { QueriesController } from './queries.controller.js'
import { Queries } from './queries.service.js'
import { StreamsController } from './streams.controller.js'
import { Streams } from './streams.service.js'

@Module({
  imports: [StoreModule, AuthModule],
  controllers: [CausationController, QueriesController, StreamsController],
  providers: [Causation, Queries, Streams],
})
export class IndexModule {}
