// Provides appends over HTTP whose callers do not wait, and what became of them.
import { Module } from '@nestjs/common'
import { AppendingModule } from '../appending/appending.module.js'
import { AuthModule } from '../auth/auth.module.js'
import { WireModule } from '../wire/wire.module.js'
import { AsyncAppendsController } from './async-appends.controller.js'
import { Operations } from './operations.service.js'

@Module({
  imports: [AppendingModule, AuthModule, WireModule],
  controllers: [AsyncAppendsController],
  providers: [Operations],
})
export class AsyncAppendsModule {}
