// Provides the mode of the service to the parts that ask for it; what moves it is in DegradationModule.
import { Module } from '@nestjs/common'
import { SignalsModule } from '../signals/signals.module.js'
import { ModeHolder } from './mode-holder.js'

@Module({ imports: [SignalsModule], providers: [ModeHolder], exports: [SignalsModule, ModeHolder] })
export class ModeModule {}
