// Provides the upcasters in force to folds and to readers of events.
import { Module, type OnApplicationBootstrap } from '@nestjs/common'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StoreModule } from '../storage/store.module.js'
import { Upcasting } from './upcasting.service.js'

@Module({ imports: [StoreModule, ServiceStreamsModule], providers: [Upcasting], exports: [Upcasting] })
export class UpcastingModule implements OnApplicationBootstrap {
  constructor(
    private readonly upcasting: Upcasting,
    private readonly retention: RetentionRewrite,
  ) {}

  onApplicationBootstrap(): void {
    this.retention.begin('upcasters', () => this.upcasting.definitions.stream.rewrite())
  }
}
