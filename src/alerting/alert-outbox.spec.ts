// What the outbox could not write waits in memory, and is written once, however much of it was stored.
import { WatchedStore } from '../../test/support/memory-store.js'
import { makeTempDirectory, removeTempDirectory } from '../../test/support/temp-directory.js'
import { until } from '../../test/support/until.js'
import { loadSettings } from '../config/load-settings.js'
import { StoreError } from '../contract/errors.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { AlertOutbox } from './alert-outbox.service.js'
import type { AlertChange } from './alert-state.js'

class FailingStore extends WatchedStore {
  failure: 'none' | 'refused' | 'answer lost' = 'none'

  override async append(...asked: Parameters<WatchedStore['append']>) {
    if (this.failure === 'refused') throw new StoreError('DISK_FULL', 'the disk is full')
    const appended = await super.append(...asked)
    if (this.failure === 'answer lost') throw new StoreError('INDETERMINATE', 'the disk did not answer')
    return appended
  }
}

const store = new FailingStore()
const dataDir = makeTempDirectory()
afterAll(() => removeTempDirectory(dataDir))
const settings = { ...loadSettings({ LIGHTHOUSE_ENV: 'test' }), dataDir, retainArchivesDays: 1 }
const retention = new RetentionRewrite(settings)
afterAll(() => retention.onModuleDestroy())
const outbox = new AlertOutbox(store, retention, settings)
const opened: AlertChange = {
  type: 'alert.opened',
  cause: 'disk_full',
  level: 'critical',
  severity: 'P1',
  detail: 'the disk is full',
  metrics: {},
  atMs: 1,
}

async function typesIn(stream: string): Promise<string[]> {
  const found: string[] = []
  for await (const { type } of store.read({ filter: { streams: [stream] } })) found.push(type)
  return found
}

test('a change whose answer was lost is not written again, and one that was refused is', async () => {
  store.failure = 'answer lost'
  await outbox.write([opened])
  store.failure = 'refused'
  await outbox.write([{ type: 'alert.resolved', cause: 'disk_full', atMs: 2, endedMs: 2 }])
  store.failure = 'none'
  await outbox.write([{ type: 'alert.closed', cause: 'disk_full' }])
  expect(await typesIn('$alerts')).toEqual(['alert.opened', 'alert.resolved', 'alert.closed'])
  expect(await typesIn('$degradation')).toEqual(['ReconciliationResult'])
})

test('with retention the alerts that stand are written anew', async () => {
  await outbox.write([opened])
  const again = new AlertOutbox(store, retention, settings)
  expect((await again.load()).alerts.get('disk_full')).toMatchObject({ detail: 'the disk is full' })
  await until(async () => (await typesIn('$alerts')).includes('alerts.kept'))
  expect((await again.load()).alerts.get('disk_full')).toMatchObject({ detail: 'the disk is full' })
})
