// Holds the mode of the service for whoever says it and whoever asks for it.
import { Module } from '@nestjs/common'
import { ModeHolder } from './mode-holder.js'

@Module({ providers: [ModeHolder], exports: [ModeHolder] })
export class DegradationModule {}
