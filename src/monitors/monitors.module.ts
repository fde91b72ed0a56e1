// Provides what measures the service, and the monitors that tell when it is not well.
import { Module } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { SignalsModule } from '../signals/signals.module.js'
import { Monitors } from './monitors.service.js'
import { ServiceLevels } from './service-levels.js'

@Module({
  imports: [SignalsModule],
  providers: [
    {
      provide: ServiceLevels,
      useFactory: ({ slowOperationMs, measureOperations }: Settings) =>
        new ServiceLevels(slowOperationMs === 0 ? undefined : slowOperationMs, measureOperations),
      inject: [Settings],
    },
    Monitors,
  ],
  exports: [ServiceLevels, Monitors],
})
export class MonitorsModule {}
