// Events out of one Lighthouse and into another.
import { type DynamicModule, Module } from '@nestjs/common'
import { StorageModule } from '../storage/storage.module.js'
import { ExchangeController } from './transfer.controller.js'

@Module({})
export class ExchangeModule {
  /** `events` is the application's own module, whose open streams of lines are ended with the others. */
  static of(events: DynamicModule): DynamicModule {
    return { module: ExchangeModule, imports: [StorageModule, events], controllers: [ExchangeController] }
  }
}
