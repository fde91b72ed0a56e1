// Projections: their definitions, and those that are kept live.
import { Module, type OnApplicationBootstrap } from '@nestjs/common'
import { Projections } from '../folding/projections.service.js'
import { KeptStates } from '../folding/snapshot-source.service.js'
import { FollowingModule } from '../following/following.module.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { UpcastingModule } from '../upcasting/upcasting.module.js'
import { LiveProjections } from './live-projections.service.js'
import { ProjectionsController } from './projections.controller.js'

@Module({
  imports: [StorageModule, ServiceStreamsModule, FollowingModule.over(StorageModule), UpcastingModule],
  controllers: [ProjectionsController],
  providers: [KeptStates, Projections, LiveProjections],
  exports: [KeptStates, Projections, LiveProjections],
})
export class ProjectionsModule implements OnApplicationBootstrap {
  constructor(
    private readonly projections: Projections,
    private readonly retention: RetentionRewrite,
  ) {}

  onApplicationBootstrap(): void {
    this.retention.begin('projections', () => this.projections.rewrite())
  }
}
