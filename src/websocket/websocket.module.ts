// The module of the stream: its connections, and the frames by which events are followed and appended.
import { Module } from '@nestjs/common'
import { AppendingModule } from '../appending/appending.module.js'
import { AuthModule } from '../auth/auth.module.js'
import { ModeModule } from '../degradation/mode.module.js'
import { FollowingModule } from '../following/following.module.js'
import { MetricsModule } from '../metrics/metrics.module.js'
import { StoreModule } from '../storage/store.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { WireModule } from '../wire/wire.module.js'
import { Handshakes } from './handshake.service.js'
import { Pings } from './pings.service.js'
import { SessionReports } from './session-reports.service.js'
import { SocketAppends } from './socket-appends.service.js'
import { SocketCounts } from './socket-counts.service.js'
import { StreamGateway } from './stream.gateway.js'
import { Subscribing } from './subscribing.service.js'

@Module({
  imports: [
    AppendingModule,
    AuthModule,
    ModeModule,
    FollowingModule,
    MetricsModule,
    StoreModule,
    StreamingModule,
    WireModule,
  ],
  providers: [Handshakes, Pings, SessionReports, SocketAppends, SocketCounts, StreamGateway, Subscribing],
})
export class WebSocketModule {}
