// The module of answers that go on: NDJSON, server-sent events, upcast views, frame handlers, and how they end.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { ModeModule } from '../degradation/mode.module.js'
import { FollowingModule } from '../following/following.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { StoreModule } from '../storage/store.module.js'
import { UpcastingModule } from '../upcasting/upcasting.module.js'
import { WireModule } from '../wire/wire.module.js'
import { Draining } from './draining.service.js'
import { FrameHandlers } from './frame-handlers.service.js'
import { LongAnswers } from './long-answers.service.js'
import { NdjsonAnswers } from './ndjson-answers.service.js'
import { SseAnswers } from './sse-answers.service.js'
import { UpcastView } from './upcast-view.service.js'

@Module({
  imports: [AuthModule, ModeModule, FollowingModule, MetricsModule, StoreModule, UpcastingModule, WireModule],
  providers: [Draining, SseAnswers, FrameHandlers, NdjsonAnswers, LongAnswers, UpcastView],
  exports: [Draining, SseAnswers, FrameHandlers, NdjsonAnswers, LongAnswers, UpcastView],
})
export class StreamingModule {}
