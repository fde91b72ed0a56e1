// What answers that go on are made of: lines, server-sent events, events as upcasters show them, and the frames of sockets.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { FollowingModule } from '../following/following.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { UpcastingModule } from '../upcasting/upcasting.module.js'
import { WireModule } from '../wire/wire.module.js'
import { FrameHandlers } from './frame-handlers.service.js'
import { Lines } from './ndjson-answers.service.js'
import { EventStreams } from './sse-answers.service.js'
import { Views } from './upcast-view.service.js'

@Module({
  imports: [AuthModule, FollowingModule, StorageModule, UpcastingModule, WireModule],
  providers: [EventStreams, FrameHandlers, Lines, Views],
  exports: [EventStreams, FrameHandlers, Lines, Views],
})
export class StreamingModule {}
