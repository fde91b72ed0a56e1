// Revocations on a log that removes its beginning, and on one that is damaged: who was shut out stays out.
import { expect, test } from '@jest/globals'
import { AgedStore } from '../../test/support/aged-store.js'
import { FakeDisk } from '../../test/support/fake-disk.js'
import { ManualClock } from '../../test/support/manual-clock.js'
import { Access } from '../auth/access.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { loadSettings } from '../config/load-settings.js'
import type { EventStore } from '../contract/event-store.js'
import { RetentionRewrite } from '../service-streams/retention-rewrite.service.js'
import { TokenRevocations } from './revocations.service.js'

const settings = loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_RETAIN_ARCHIVES_DAYS: '2' })
const operator = new Access({ agentId: 'operator', role: 'admin' })

/** A server's start, as far as revocations are concerned; `written`: how many of them it writes anew. */
async function started(store: EventStore, written: number) {
  const before = store.head()
  const verifier = new TokenVerifier({
    algorithms: ['HS256'],
    secret: 'x'.repeat(32),
    leewaySeconds: 0,
  })
  const retention = new RetentionRewrite(settings)
  const revocations = new TokenRevocations(store, verifier, retention)
  await revocations.onApplicationBootstrap()
  while (store.head() < before + written) await store.beyond(store.head())
  retention.onModuleDestroy()
  return { revocations, verifier }
}

test('a revocation older than what is kept is in force at every start, with its author, reason and time', async () => {
  const clock = new ManualClock()
  const disk = new FakeDisk({ directories: ['/data'] })
  const aged = await AgedStore.open(disk, '/data', clock, { archiveAfterDays: 1, retainArchivesDays: 2 })
  const { store } = aged
  const first = await started(store, 0)
  const revoked = await first.revocations.revoke({ kind: 'agent', id: 'mallory', reason: 'seen in a log' }, operator)
  await first.revocations.revoke({ kind: 'token', id: 't-1' }, operator)
  await first.revocations.restore({ kind: 'token', id: 't-1' }, operator)
  for (let day = 0; day < 6; day++) {
    await aged.day()
    await started(store, 1)
    while (await store.maintenance.pass()) clock.move(0n)
  }
  expect(aged.told.retired).not.toEqual([])
  const { revocations, verifier } = await started(store, 1)
  expect(await revocations.list()).toEqual([revoked])
  expect(verifier.revocations.covers('mallory', undefined)).toBe(true)
  expect(verifier.revocations.covers('ada', 't-1')).toBe(false)
  await store.close()
})
