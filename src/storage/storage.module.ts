// Opens the backend and provides it under the contract's name: the only place of the server that knows which one it is.
import { resolve } from 'node:path'
import { Logger, Module } from '@nestjs/common'
import { openEmbedded } from '../backends/embedded/embedded-store.js'
import { Settings } from '../config/settings.js'
import { EventStore } from '../contract/event-store.js'
import { logObserver } from './log-observer.js'
import { StoreLifecycle } from './store-lifecycle.service.js'

function open({ dataDir, nodeId }: Settings): Promise<EventStore> {
  return openEmbedded({ directory: resolve(dataDir), nodeId, observer: logObserver(new Logger('storage')) })
}

@Module({
  providers: [{ provide: EventStore, useFactory: open, inject: [Settings] }, StoreLifecycle],
  exports: [EventStore],
})
export class StorageModule {}
