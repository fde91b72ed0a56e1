// Appends and reads of events over HTTP.
import { type DynamicModule, Module } from '@nestjs/common'
import { Appends } from '../appending/appends.service.js'
import { FollowingModule } from '../following/following.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { LongAnswers } from '../streaming/long-answers.service.js'
import { Lines } from '../streaming/ndjson-answers.service.js'
import { EventStreams } from '../streaming/sse-answers.service.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { Views } from '../streaming/upcast-view.service.js'
import { UpcastingModule } from '../upcasting/upcasting.module.js'
import { WireModule } from '../wire/wire.module.js'
import { AsyncAppendsController } from './async-appends.controller.js'
import { EventsController } from './events.controller.js'
import { Waits } from './long-polls.service.js'
import { LongReads } from './long-reads.service.js'
import { Operations } from './operations.service.js'
import { Reads } from './reads.service.js'
import { StreamEventsController } from './streams.controller.js'

@Module({})
export class EventsModule {
  /** `auth` is the application's own, whose quotas appends are charged to. */
  static of(auth: DynamicModule): DynamicModule {
    return {
      module: EventsModule,
      imports: [FollowingModule.over(StorageModule), StorageModule, StreamingModule, UpcastingModule, WireModule, auth],
      controllers: [AsyncAppendsController, EventsController, StreamEventsController],
      providers: [Appends, EventStreams, Lines, LongAnswers, LongReads, Operations, Reads, Views, Waits],
      exports: [Appends, EventStreams, Lines, auth],
    }
  }
}
