// Provides the mode of the service, and what moves it, to the parts that tell of trouble and those that ask.
import { Module } from '@nestjs/common'
import { SignalsModule } from '../signals/signals.module.js'
import { ModeHolder } from './mode-holder.js'
import { ModeTransitions } from './mode-transitions.service.js'

@Module({
  imports: [SignalsModule],
  providers: [ModeHolder, ModeTransitions],
  exports: [SignalsModule, ModeHolder, ModeTransitions],
})
export class DegradationModule {}
