// Replays of a log whose beginning was retired: what is gone is never told as what never was.
import { expect, test } from '@jest/globals'
import { AgedStore, EVENTS_A_DAY } from '../../test/support/aged-store.js'
import { FakeDisk } from '../../test/support/fake-disk.js'
import { ManualClock } from '../../test/support/manual-clock.js'
import { Access } from '../auth/access.js'
import { NO_UPCASTERS } from '../upcasting/upcaster.js'
import { Upcasting } from '../upcasting/upcasting.service.js'
import { Projections } from './projections.service.js'
import type { ReplayDto } from './replay.dto.js'
import { replayPlan } from './replay-plan.js'
import { Replays } from './replays.service.js'
import { SnapshotSource } from './snapshot-source.service.js'

const UNREGISTERED = { upcasters: NO_UPCASTERS, projection: undefined }

test('a moment of which events were retired has no state, and an answer says what is kept', async () => {
  const aged = await AgedStore.open(new FakeDisk({ directories: ['/'] }), '/data', new ManualClock(), {
    retainArchivesDays: 20,
  })
  const replays = new Replays(aged.store, new SnapshotSource(), new Projections(aged.store), new Upcasting(aged.store))
  const access = new Access({ agentId: 'a', role: 'system_agent' })
  const state = (asked: Partial<ReplayDto>) =>
    replays.state(
      replayPlan({ reducer: 'count', ...asked }, access, UNREGISTERED),
      access,
      new AbortController().signal,
    )

  for (let day = 0; day < 4; day++) await aged.day()
  expect(await state({ at: '2001-01-01T00:00:00Z' })).toMatchObject({ events: 0, first: 1 })
  for (let day = 0; day < 30; day++) await aged.day()
  while (await aged.store.maintenance.pass());
  const { first, head } = aged.store.status()
  expect(first).toBeGreaterThan(EVENTS_A_DAY)

  expect(await state({})).toMatchObject({ first, events: head - first + 1 })
  expect(await state({ at: first })).toMatchObject({ events: 1 })
  expect(await state({ at: 0 })).toMatchObject({ events: 0, position: 0 })
  for (const at of [1, first - 1, '2001-01-01T00:00:00Z'])
    await expect(state({ at })).rejects.toMatchObject({ code: 'INVALID_REQUEST', errors: [{ pointer: '/at' }] })

  const initial = { state: { total: 3, byType: {} }, events: 3 }
  expect(await state({ after: first - 1, initial })).toMatchObject({ events: head - first + 4 })
  for (const after of [first - 2, undefined])
    await expect(state({ after, initial })).rejects.toMatchObject({ errors: [{ pointer: '/after' }] })
  await aged.store.close()
})
