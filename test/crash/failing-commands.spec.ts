// Each opening and reading of verify, repair, backup and restore fails, once and for good: what they answer is one of the
// catalogue and says nothing of the store that is not so, and when the disk is well again they do what they would have done.
import { beforeAll, expect, test } from '@jest/globals'
import { backupStore, restoreSegment, restoreStore } from '../../src/backends/embedded/backup-store.js'
import { repairStore, verifyStore } from '../../src/backends/embedded/verify-store.js'
import { AgedStore, agedDisk, EVENTS_A_DAY } from '../support/aged-store.js'
import { stride, tell } from '../support/effort.js'
import { FailingReads } from '../support/failing-reads.js'
import type { FakeDisk } from '../support/fake-disk.js'
import { cataloguedCode, must } from './ack-journal.js'

const CODES = ['EIO', 'EACCES', 'ENOENT', 'EMFILE'] as const
const DATA = '/data'
const BACKUP = '/backup'
/** The first event of a segment begins here, and the first byte of its record. */
const RECORD = 4096 + 76 + 36

let sound: FakeDisk
let damaged: FakeDisk

beforeAll(async () => {
  const aged = await agedDisk(3)
  sound = aged.disk
  const held = await AgedStore.open(sound, DATA, aged.clock, { archiveAfterDays: 2 })
  while (await held.store.maintenance.pass());
  await held.store.close()
  await backupStore(DATA, BACKUP, { disk: sound, proofMs: 0 })
  damaged = sound.clone()
  damaged.flip(damaged.files().find(path => path.endsWith('.log')) as string, RECORD + 20)
})

interface Command {
  readonly name: string
  readonly disk: () => FakeDisk
  readonly run: (disk: FailingReads) => Promise<unknown>
  /** What it comes to with a sound disk. */
  readonly outcome: object
}

const position = EVENTS_A_DAY + 1
const commands: readonly Command[] = [
  {
    name: 'verify',
    disk: () => sound,
    run: disk => verifyStore(DATA, { disk }),
    outcome: { clean: true },
  },
  {
    name: 'verify of a store in use',
    disk: () => sound,
    run: disk => verifyStore(DATA, { disk, live: true }),
    outcome: { clean: true },
  },
  {
    name: 'repair',
    disk: () => damaged,
    run: disk => repairStore(DATA, { disk, apply: true }),
    outcome: { applied: expect.any(Boolean) },
  },
  {
    name: 'a backup',
    disk: () => sound,
    run: disk => backupStore(DATA, '/other', { disk, proofMs: 0 }),
    outcome: { damaged: [] },
  },
  {
    name: 'a backup that goes on',
    disk: () => sound,
    run: disk => backupStore(DATA, BACKUP, { disk, proofMs: 0 }),
    outcome: { damaged: [] },
  },
  {
    name: 'a restore',
    disk: () => sound,
    run: disk => restoreStore(BACKUP, '/restored', { disk }),
    outcome: { restored: true },
  },
  {
    name: 'a restore up to a position',
    disk: () => sound,
    run: disk => restoreStore(BACKUP, '/restored', { disk, to: position }),
    outcome: { restored: true },
  },
  {
    name: 'a segment that is put back',
    disk: () => damaged,
    run: disk => restoreSegment(BACKUP, DATA, position, { disk }),
    outcome: { copied: expect.any(Boolean) },
  },
]

test.each(commands)('$name', async ({ name, disk: before, run, outcome }) => {
  const counts = { cases: 0, refused: 0, answered: 0 }
  for (const code of CODES) {
    for (const forGood of [false, true]) {
      for (let at = 1; ; at += stride(3, 9)) {
        const disk = new FailingReads(before().clone())
        disk.arm({ at, code, forGood })
        const answered = await run(disk).then(
          () => true,
          error => {
            cataloguedCode(error)
            return false
          },
        )
        if (disk.delivered === 0) break
        counts.cases++
        counts[answered ? 'answered' : 'refused']++
        disk.heal()
        if (!answered) expect([code, at, await run(disk)]).toMatchObject([code, at, outcome])
      }
    }
  }
  tell(`${name} on a disk that does not let it read`, counts)
  must(counts.refused > 0, () => 'this gate proved nothing')
})
