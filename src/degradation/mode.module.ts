// Provides the mode of the service to the parts that ask for it; what moves it is in DegradationModule.
import { Module } from '@nestjs/common'
import { SignalsModule } from '../signals/signals.module.js'
import { ThisThread } from '../threads/this-thread.js'
import { ModeHolder } from './mode-holder.js'
import { hearMode } from './told-mode.js'

function modeOf({ writer }: ThisThread): ModeHolder {
  const mode = new ModeHolder()
  if (writer !== undefined) hearMode(mode, writer)
  return mode
}

@Module({
  imports: [SignalsModule],
  providers: [{ provide: ModeHolder, useFactory: modeOf, inject: [ThisThread] }],
  exports: [SignalsModule, ModeHolder],
})
export class ModeModule {}
