// Finds: events by conditions, streams by name, causes and effects.
import { type DynamicModule, Module } from '@nestjs/common'
import { StorageModule } from '../storage/storage.module.js'
import { CausationController } from './causation.controller.js'
import { Causation } from './causation.service.js'
import { QueriesController } from './queries.controller.js'
import { Queries } from './queries.service.js'
import { StreamsController } from './streams.controller.js'
import { Streams } from './streams.service.js'

@Module({})
export class IndexModule {
  /** `auth` is the application's own, whose budgets reads are counted in. */
  static of(auth: DynamicModule): DynamicModule {
    return {
      module: IndexModule,
      imports: [StorageModule, auth],
      controllers: [CausationController, QueriesController, StreamsController],
      providers: [Causation, Queries, Streams],
    }
  }
}
