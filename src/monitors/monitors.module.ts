// Provides the monitors that tell when the service is not well, beside what measures it.
import { Module } from '@nestjs/common'
import { SignalsModule } from '../signals/signals.module.js'
import { Monitors } from './monitors.service.js'
import { ServiceLevelsModule } from './service-levels.module.js'

@Module({
  imports: [SignalsModule, ServiceLevelsModule],
  providers: [Monitors],
  exports: [ServiceLevelsModule, Monitors],
})
export class MonitorsModule {}
