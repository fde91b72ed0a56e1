// State from history.
import { type DynamicModule, Module } from '@nestjs/common'
import { StorageModule } from '../storage/storage.module.js'
import { KeptStates } from './kept-states.service.js'
import { ReplayController } from './replay.controller.js'
import { Replays } from './replays.service.js'

@Module({})
export class ReplayModule {
  /** `events` is the application's own module, whose open streams of lines are ended with the others. */
  static of(events: DynamicModule): DynamicModule {
    return {
      module: ReplayModule,
      imports: [StorageModule, events],
      controllers: [ReplayController],
      providers: [Replays, KeptStates],
      exports: [Replays, KeptStates],
    }
  }
}
