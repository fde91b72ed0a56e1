// Provides the export of events, which another Lighthouse can import.
import { Module } from '@nestjs/common'
import { StoreModule } from '../storage/store.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { ExchangeController } from './transfer.controller.js'

@Module({ imports: [StoreModule, StreamingModule], controllers: [ExchangeController] })
export class ExchangeModule {}
