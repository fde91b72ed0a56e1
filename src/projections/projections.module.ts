// Serves projections over HTTP: their definitions, their states and the live ones.
import { Module } from '@nestjs/common'
import { FoldingModule } from '../folding/folding.module.js'
import { FollowingModule } from '../following/following.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { UpcastingModule } from '../upcasting/upcasting.module.js'
import { WireModule } from '../wire/wire.module.js'
import { LiveProjections } from './live-projections.service.js'
import { ProjectionChangesController } from './projection-changes.controller.js'
import { ProjectionChanges } from './projection-changes.service.js'
import { ProjectionStateController } from './projection-state.controller.js'
import { ProjectionStates } from './projection-states.service.js'
import { ProjectionsController } from './projections.controller.js'

@Module({
  imports: [FoldingModule, FollowingModule, StreamingModule, UpcastingModule, WireModule],
  controllers: [ProjectionsController, ProjectionChangesController, ProjectionStateController],
  providers: [LiveProjections, ProjectionChanges, ProjectionStates],
})
export class ProjectionsModule {}
