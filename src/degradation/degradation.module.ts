// Provides the mode of the service to the parts that set it and those that read it.
import { Module } from '@nestjs/common'
import { ModeHolder } from './mode-holder.js'

@Module({ providers: [ModeHolder], exports: [ModeHolder] })
export class DegradationModule {}
