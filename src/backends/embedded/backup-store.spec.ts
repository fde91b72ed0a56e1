// A backup of a store that goes on, and the store that a restore makes of it.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { everything } from '../../../test/crash/tiny-store.js'
import { AgedStore, EVENTS_A_DAY } from '../../../test/support/aged-store.js'
import { BentClock } from '../../../test/support/bent-clock.js'
import { FakeDisk } from '../../../test/support/fake-disk.js'
import { backupStore, restoreStore } from './backup-store.js'
import { openEmbedded } from './embedded-store.js'
import { verifyStore } from './verify-store.js'

const DATA = '/data'
const BACKUP = '/backup'

let disk: FakeDisk
let clock: BentClock
let aged: AgedStore

beforeEach(async () => {
  disk = new FakeDisk({ directories: ['/'] })
  clock = new BentClock()
  aged = await AgedStore.open(disk, DATA, clock, { retainArchivesDays: 20 })
  for (let day = 0; day < 4; day++) await aged.day()
})

afterEach(() => aged.abandon())

const backup = (of = DATA, to = BACKUP) => backupStore(of, to, { disk, proofMs: 0 })
const restore = (to: string, verify = true) => restoreStore(BACKUP, to, { disk, verify })

async function eventsIn(directory: string): Promise<string[]> {
  const store = await openEmbedded({ directory, nodeId: 'node-1', disk, clock, reserveBytes: 0, presizeBytes: 0 })
  expect(store.status().write).toEqual({ writable: true })
  const events = (await everything(store)).map(event => JSON.stringify(event))
  await store.close()
  return events
}

const copies = () => disk.files().filter(path => path.startsWith(`${BACKUP}/files/`))

describe('a backup', () => {
  test('holds every event, in a store with the same chain and identity', async () => {
    const { manifest, copied, damaged } = await backup()
    expect([copied.files, damaged]).toEqual([4, []])
    expect(manifest.head.position).toBe(4 * EVENTS_A_DAY)
    const { restored, verified } = await restore('/restored')
    expect([restored, verified?.clean, verified?.head]).toEqual([true, true, 4 * EVENTS_A_DAY])
    const live = await verifyStore(DATA, { disk, live: true })
    expect([verified?.chain, manifest.head.chain]).toEqual([live.chain, live.chain])
    expect(await eventsIn('/restored')).toEqual(await aged.events())
  })
})
