// Components that fail at once rather than later: they are down, and the others are reported all the same.
import { expect, test } from '@jest/globals'
import { HttpAdapterHost } from '@nestjs/core'
import { HealthIndicatorService } from '@nestjs/terminus'
import { WatchedStore } from '../../test/support/memory-store.js'
import { loadSettings } from '../config/load-settings.js'
import { StoreError } from '../contract/errors.js'
import type { StoreStatus } from '../contract/event-store.js'
import { Monitors } from '../monitors/monitors.service.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { Signals } from '../signals/signals.js'
import { StorageWatch } from '../storage/storage-watch.service.js'
import { ComponentChecks } from './component-checks.service.js'
import { NetworkCheck } from './network-check.service.js'
import { StoreCheck } from './store-check.service.js'

class UnknowingStore extends WatchedStore {
  override status(): StoreStatus {
    throw new StoreError('STORAGE_UNAVAILABLE', 'The store cannot say how it is')
  }
}

test('a component whose check throws before it has begun is down, and says why by its code', async () => {
  const settings = loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_JWT_SECRET: 'x'.repeat(32) })
  const store = new UnknowingStore()
  const watch = new StorageWatch(store, settings.dataDir)
  const monitors = new Monitors(new ServiceLevels(), new Signals(), settings)
  const checks = new ComponentChecks(
    new StoreCheck(store, watch, settings),
    new NetworkCheck(new HttpAdapterHost(), monitors),
    monitors,
    new HealthIndicatorService(),
  )
  expect(await checks.check('event_store')).toEqual({ event_store: { status: 'down', reason: 'STORAGE_UNAVAILABLE' } })
  expect(await checks.check('network')).toEqual({ network: { status: 'down', reason: 'failed' } })
  expect(await checks.check('memory')).toMatchObject({ memory: { status: 'up' } })
})
