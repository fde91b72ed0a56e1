// Provides the authorised append that HTTP and sockets share.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { StoreModule } from '../storage/store.module.js'
import { Appends } from './appends.service.js'

@Module({ imports: [StoreModule, AuthModule], providers: [Appends], exports: [Appends] })
export class AppendingModule {}
