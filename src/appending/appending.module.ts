// Provides the authorised append that HTTP and sockets share.
import { Module } from '@nestjs/common'
import { AuthModule } from '../auth/auth.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { Appends } from './appends.service.js'

@Module({ imports: [StorageModule, AuthModule], providers: [Appends], exports: [Appends] })
export class AppendingModule {}
