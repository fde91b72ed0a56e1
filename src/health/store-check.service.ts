// Reports the state of the store from memory, because a probe must never wait for the disk.
import { Injectable } from '@nestjs/common'
import { Settings } from '../config/settings.js'
import { EventStore } from '../contract/event-store.js'
import { StorageWatch } from '../storage/storage-watch.service.js'
import { type Standing, type StorageHealth, storageHealth, storageReadiness } from './storage-health.js'

@Injectable()
export class StoreCheck {
  constructor(
    private readonly store: EventStore,
    private readonly watch: StorageWatch,
    private readonly settings: Settings,
  ) {}

  health(): StorageHealth {
    return storageHealth(this.standing)
  }

  readiness(): StorageHealth {
    return storageReadiness(this.standing, this.settings.readyWhenReadOnly)
  }

  get standing(): Standing {
    return { status: this.store.status(), readable: this.watch.readable }
  }
}
