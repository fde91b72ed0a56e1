// Serves states folded from history, and the upcasters by which it is read.
import { Module } from '@nestjs/common'
import { FoldingModule } from '../folding/folding.module.js'
import { StoreModule } from '../storage/store.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { UpcastingModule } from '../upcasting/upcasting.module.js'
import { ReplayController } from './replay.controller.js'
import { UpcastersController } from './upcasters.controller.js'

@Module({
  imports: [FoldingModule, StoreModule, StreamingModule, UpcastingModule],
  controllers: [UpcastersController, ReplayController],
})
export class ReplayModule {}
