// The probes an orchestrator asks: alive, ready.
import { Module } from '@nestjs/common'
import { TerminusModule } from '@nestjs/terminus'
import { StorageModule } from '../storage/storage.module.js'
import { HealthController } from './health.controller.js'
import { Readiness } from './readiness.service.js'

@Module({
  // What is down is in the answer and in its component's own log; Terminus's line would repeat it at every probe.
  imports: [StorageModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [Readiness],
})
export class HealthModule {}
