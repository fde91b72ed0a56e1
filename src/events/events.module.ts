// Provides appends and reads of events over HTTP.
import { Module } from '@nestjs/common'
import { AppendingModule } from '../appending/appending.module.js'
import { AuthModule } from '../auth/auth.module.js'
import { FollowingModule } from '../following/following.module.js'
import { StoreModule } from '../storage/store.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { WireModule } from '../wire/wire.module.js'
import { EventReadsController } from './event-reads.controller.js'
import { EventsController } from './events.controller.js'
import { LongPolls } from './long-polls.service.js'
import { Reads } from './reads.service.js'
import { StreamEventsController } from './streams.controller.js'

@Module({
  imports: [AppendingModule, AuthModule, FollowingModule, StoreModule, StreamingModule, WireModule],
  controllers: [EventsController, EventReadsController, StreamEventsController],
  providers: [Reads, LongPolls],
})
export class EventsModule {}
