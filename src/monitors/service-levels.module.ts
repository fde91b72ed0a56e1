// Provides what measures the service.
import { Module } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { ServiceLevels } from './service-levels.js'

@Module({
  providers: [
    {
      provide: ServiceLevels,
      useFactory: ({ slowOperationMs, measureOperations }: Settings) =>
        new ServiceLevels(slowOperationMs === 0 ? undefined : slowOperationMs, measureOperations),
      inject: [Settings],
    },
  ],
  exports: [ServiceLevels],
})
export class ServiceLevelsModule {}
