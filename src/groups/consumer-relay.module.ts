// The module of consumers on the sockets of a front thread: their frames are handled here, and their groups are the writer's.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { ConsumedGroups } from './websocket/consumed-groups.js'
import { ConsumingFrames } from './websocket/consuming.service.js'
import { WriterGroups } from './websocket/writer-groups.service.js'

@Module({
  imports: [AuthModule, StreamingModule],
  providers: [ConsumingFrames, { provide: ConsumedGroups, useClass: WriterGroups }],
})
export class ConsumerRelayModule {}
