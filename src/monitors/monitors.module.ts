// Provides what measures the service, and the monitors that tell when it is not well.
import { Module } from '@nestjs/common'
import { SignalsModule } from '../signals/signals.module.js'
import { Monitors } from './monitors.service.js'
import { ServiceLevels } from './service-levels.js'

@Module({
  imports: [SignalsModule],
  providers: [ServiceLevels, Monitors],
  exports: [ServiceLevels, Monitors],
})
export class MonitorsModule {}
