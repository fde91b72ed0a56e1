// Provides what moves the mode of the service, beside the mode itself.
import { Module } from '@nestjs/common'
import { ModeModule } from './mode.module.js'
import { ModeTransitions } from './mode-transitions.service.js'

@Module({ imports: [ModeModule], providers: [ModeTransitions], exports: [ModeModule, ModeTransitions] })
export class DegradationModule {}
