// Keeps a record of who was denied what.
import { type DynamicModule, Module } from '@nestjs/common'
import { MetricsModule } from '../metrics/metrics.module.js'
import { StorageModule } from '../storage/storage.module.js'
import { SecurityJournal } from './security-journal.service.js'

@Module({})
export class SecurityModule {
  /** `auth` is the application's own, which tells what was denied. */
  static of(auth: DynamicModule): DynamicModule {
    return { module: SecurityModule, imports: [StorageModule, MetricsModule, auth], providers: [SecurityJournal] }
  }
}
