// What all that goes on has in common, once for the server: how it ends.
import { Module } from '@nestjs/common'
import { Draining } from './draining.service.js'

@Module({ providers: [Draining], exports: [Draining] })
export class StreamingModule {}
