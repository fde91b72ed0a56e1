// Upcasters: their routes, and the service by which folds and readers of events ask for those in force.
import { Module, type OnApplicationBootstrap } from '@nestjs/common'
import { UpcastersController } from '../replay/upcasters.controller.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { ServiceStreamsModule } from '../service-streams/service-streams.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { Upcasting } from './upcasting.service.js'

@Module({
  imports: [StorageModule, ServiceStreamsModule],
  controllers: [UpcastersController],
  providers: [Upcasting],
  exports: [Upcasting],
})
export class UpcastingModule implements OnApplicationBootstrap {
  constructor(
    private readonly upcasting: Upcasting,
    private readonly retention: RetentionRewrite,
  ) {}

  onApplicationBootstrap(): void {
    this.retention.begin('upcasters', () => this.upcasting.rewrite())
  }
}
