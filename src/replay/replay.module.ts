// State from history.
import { type DynamicModule, Module } from '@nestjs/common'
import { Folds } from '../folding/fold-catalog.service.js'
import { Plans } from '../folding/replay-planner.service.js'
import { Replays } from '../folding/replays.service.js'
import { ProjectionChangesController } from '../projections/projection-changes.controller.js'
import { ProjectionChanges } from '../projections/projection-changes.service.js'
import { ProjectionStateController } from '../projections/projection-state.controller.js'
import { ProjectionStates } from '../projections/projection-states.service.js'
import { ProjectionsModule } from '../projections/projections.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { UpcastingModule } from '../upcasting/upcasting.module.js'
import { WireModule } from '../wire/wire.module.js'
import { ReplayController } from './replay.controller.js'

@Module({})
export class ReplayModule {
  /** `events` is the application's own module, which ends all open streams. */
  static of(events: DynamicModule): DynamicModule {
    return {
      module: ReplayModule,
      imports: [StorageModule, ProjectionsModule, UpcastingModule, WireModule, events],
      controllers: [ProjectionChangesController, ProjectionStateController, ReplayController],
      providers: [Folds, Plans, ProjectionChanges, ProjectionStates, Replays],
      exports: [Folds, ProjectionsModule, Replays],
    }
  }
}
