// Provides what makes states of history: the registered projections, and what folds them or any other fold.
import { Module, type OnApplicationBootstrap } from '@nestjs/common'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StoreModule } from '../storage/store.module.js'
import { UpcastingModule } from '../upcasting/upcasting.module.js'
import { FoldCatalog } from './fold-catalog.service.js'
import { Projections } from './projections.service.js'
import { Replays } from './replays.service.js'
import { SnapshotSource } from './snapshot-source.service.js'

@Module({
  imports: [StoreModule, ServiceStreamsModule, UpcastingModule],
  providers: [FoldCatalog, SnapshotSource, Projections, Replays],
  exports: [FoldCatalog, SnapshotSource, Projections, Replays],
})
export class FoldingModule implements OnApplicationBootstrap {
  constructor(
    private readonly projections: Projections,
    private readonly retention: RetentionRewrite,
  ) {}

  onApplicationBootstrap(): void {
    this.retention.begin('projections', () => this.projections.definitions.stream.rewrite())
  }
}
