// Provides the export of events, which another Lighthouse can import.
import { Module } from '@nestjs/common'
import { StorageModule } from '../storage/storage.module.js'
import { StreamingModule } from '../streaming/streaming.module.js'
import { ExchangeController } from './transfer.controller.js'

@Module({ imports: [StorageModule, StreamingModule], controllers: [ExchangeController] })
export class ExchangeModule {}
