// Closes the store when the server ends, after everything that may still use it.
import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import { EventStore } from '../contract/event-store.js'

@Injectable()
export class StoreLifecycle implements OnApplicationShutdown {
  constructor(private readonly store: EventStore) {}

  onApplicationShutdown(): Promise<void> {
    return this.store.close()
  }
}
