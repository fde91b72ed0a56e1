// Every operation fails, once and for good, in every way a disk can: what the store answers is true, and it comes back.
import { expect, test } from '@jest/globals'
import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import { SEED, stride, tell } from '../support/effort.js'
import { type CrashMode, FakeDisk } from '../support/fake-disk.js'
import type { Fault, OperationKind } from '../support/fault-plan.js'
import { ManualClock } from '../support/manual-clock.js'
import { AckJournal, cataloguedCode, must, trail } from './ack-journal.js'
import { Life, liveThroughAll } from './life.js'
import { SyncWitness } from './sync-witness.js'
import { everything, openTiny } from './tiny-store.js'

const CHANGES = new Set<OperationKind>(['write', 'sync', 'truncate', 'rename', 'unlink', 'syncDirectory'])
const changes = (kind: OperationKind) => CHANGES.has(kind)

interface Trouble {
  readonly name: string
  readonly fault: (at: number) => Fault
  /** Ends without a restart once the cause is gone. */
  readonly passes: boolean
  /** Reading is not affected. */
  readonly readable: boolean
  readonly stride: number
}

const troubles: readonly Trouble[] = [
  { name: 'EIO once', fault: failAt => ({ failAt, code: 'EIO' }), passes: false, readable: false, stride: 1 },
  { name: 'ENOSPC once', fault: failAt => ({ failAt, code: 'ENOSPC' }), passes: true, readable: true, stride: 1 },
  { name: 'short write once', fault: failAt => ({ failAt, code: 'short' }), passes: true, readable: true, stride: 1 },
  { name: 'EMFILE once', fault: failAt => ({ failAt, code: 'EMFILE' }), passes: true, readable: false, stride: 1 },
  { name: 'EIO for good', fault: failFrom => ({ failFrom, code: 'EIO' }), passes: false, readable: false, stride: 1 },
  {
    name: 'EIO for good on every change',
    fault: failFrom => ({ failFrom, code: 'EIO', only: changes }),
    passes: false,
    readable: true,
    stride: 1,
  },
  {
    name: 'ENOSPC for good',
    fault: failFrom => ({ failFrom, code: 'ENOSPC' }),
    passes: true,
    readable: true,
    stride: 1,
  },
  {
    name: 'short writes for good',
    fault: failFrom => ({ failFrom, code: 'short' }),
    passes: true,
    readable: true,
    stride: 1,
  },
  {
    name: 'EMFILE for good',
    fault: failFrom => ({ failFrom, code: 'EMFILE' }),
    passes: true,
    readable: false,
    stride: 1,
  },
]

function noCounts(): Counts {
  return {
    cases: 0,
    faults: 0,
    failedOpens: 0,
    failedSyncs: 0,
    stored: 0,
    rejected: 0,
    indeterminate: 0,
    recoveries: 0,
    resumed: 0,
  }
}

const crashes: readonly CrashMode[] = ['lose-all', 'keep-all', 'random']

interface Counts {
  cases: number
  faults: number
  failedOpens: number
  failedSyncs: number
  stored: number
  rejected: number
  indeterminate: number
  recoveries: number
  resumed: number
}

/** Opening works, or fails by name and works as soon as the disk does. */
async function openSomehow(life: Life, disk: FakeDisk, witness: SyncWitness, counts: Counts): Promise<void> {
  for (let tries = 0; ; tries++) {
    witness.newProcess()
    try {
      await life.open()
      break
    } catch (error) {
      must(tries < 2, () => `the healed disk cannot be opened: ${(error as Error).message}`)
      const code = cataloguedCode(error)
      must(['DISK_FULL', 'STORAGE_UNAVAILABLE'].includes(code), () => `a failing disk is called ${code}`)
      must(disk.openFiles.length === 0, () => `a failed opening leaves open: ${disk.openFiles.join()}`)
      counts.failedOpens++
      if (tries === 1) disk.heal()
    }
  }
  const { damaged, write } = life.store?.status() ?? { damaged: [], write: undefined }
  must(damaged.length === 0, () => `a failing disk is taken for damage: ${JSON.stringify({ damaged, write })}`)
}

/** What can be read now is what the journal holds, unless the disk does not let it be read. */
async function readAlong(life: Life, mustWork: boolean): Promise<void> {
  if (life.store === undefined) return
  const { head } = { head: life.store.head() }
  try {
    const events = await everything(life.store)
    must(events.length === head, () => `${events.length} events can be read up to head ${head}`)
    life.journal.check(events)
  } catch (error) {
    const code = cataloguedCode(error)
    must(!mustWork, () => `reading fails with ${code}: ${(error as Error).message}`)
    must(code === 'STORAGE_UNAVAILABLE', () => `a failing disk is called ${code}`)
  }
}

/** Once the trouble is over, a store that need not be restarted takes appends again by itself. */
async function resume(life: Life, trouble: Trouble, counts: Counts): Promise<void> {
  const { outcome, code } = await life.append([{ stream: 'orders', filler: 10 }])
  if (!trouble.passes) return
  must(outcome === 'stored', () => `the trouble is over, and an append is ${outcome} (${code})`)
  counts.resumed++
}

/**
 * A store that was opened once and has its directories. Before that a failed sync of a directory ends in nothing but
 * a new attempt after a reboot: no process can make a name durable that the kernel takes for durable already.
 */
async function bornStore(seed: number): Promise<FakeDisk> {
  const disk = new FakeDisk({ directories: ['/'], seed })
  const store = await openTiny(disk, new ManualClock())
  await store.close()
  return disk.afterCrash(seed, 'lose-all')
}

async function troubleAt(at: number, trouble: Trouble, counts: Counts): Promise<boolean> {
  const disk = await bornStore(SEED + at)
  disk.arm(trouble.fault(at))
  const witness = new SyncWitness(disk)
  const journal = new AckJournal()
  const life = new Life(witness, new ManualClock(), journal, () => true)
  try {
    await openSomehow(life, disk, witness, counts)
    await liveThroughAll(life, async () => {
      await readAlong(life, trouble.readable)
      await life.close()
      must(disk.openFiles.length === 0, () => `a closed store leaves open: ${disk.openFiles.join()}`)
      await openSomehow(life, disk, witness, counts)
    })
    if (disk.faultsDelivered === 0) return false
    await readAlong(life, trouble.readable)
    disk.heal()
    await readAlong(life, true)
    await resume(life, trouble, counts)
    must(witness.violations.length === 0, () => witness.violations.join('; '))
    for (const mode of crashes) await recover(disk.clone(), mode, journal, counts)
    await life.close()
    must(disk.openFiles.length === 0, () => `a closed store leaves open: ${disk.openFiles.join()}`)
    await recover(disk, 'lose-all', journal, counts)
  } catch (error) {
    throw new Error(`${trail(error)}\n${trouble.name} at its operation ${at}, SEED=${SEED}\n${disk.story(40)}`)
  }
  counts.cases++
  counts.faults += disk.faultsDelivered
  counts.failedSyncs += witness.failedSyncs
  for (const { outcome } of journal.attempts) if (outcome !== 'unanswered') counts[outcome]++
  return true
}

async function recover(disk: FakeDisk, mode: CrashMode, journal: AckJournal, counts: Counts): Promise<void> {
  const store = await openTiny(disk.afterCrash(SEED, mode), new ManualClock())
  const { write, damaged } = store.status()
  must(write.writable && damaged.length === 0, () => `after ${mode}: ${JSON.stringify({ write, damaged })}`)
  const events = await everything(store)
  journal.check(events)
  const outcomes = journal.attempts.map(attempt => ({ ...attempt }))
  await journal.retry(store, events)
  journal.check(await everything(store))
  // The next outcome of the same crash knows nothing of these answers.
  journal.attempts.splice(0, outcomes.length, ...outcomes)
  await store.close()
  counts.recoveries++
}

test.each(troubles)(
  '$name: every answer is true, nothing acknowledged is lost, and the store comes back',
  async trouble => {
    const counts: Counts = {
      cases: 0,
      faults: 0,
      failedOpens: 0,
      failedSyncs: 0,
      stored: 0,
      rejected: 0,
      indeterminate: 0,
      recoveries: 0,
      resumed: 0,
    }
    let at = 1
    while (await troubleAt(at, trouble, counts)) at += stride(trouble.stride, 5 * trouble.stride)
    tell(trouble.name, { ...counts })
    must(counts.faults > 0 && counts.cases > 0, () => 'this gate proved nothing: no fault was delivered')
  },
  3_600_000,
)

test('a first start that fails at any operation, and the reboot after it, end in a store that works', async () => {
  const counts = { cases: 0, failedStarts: 0, faults: 0 }
  for (let at = 1; ; at++) {
    const disk = new FakeDisk({ directories: ['/'], seed: SEED + at, plan: { failAt: at, code: 'EIO' } })
    const journal = new AckJournal()
    const life = new Life(disk, new ManualClock(), journal, () => true)
    const failure = await life.open().catch(cataloguedCode)
    if (disk.faultsDelivered === 0) break
    must(failure === undefined || failure === 'STORAGE_UNAVAILABLE', () => `a failing disk is called ${failure}`)
    if (failure === undefined) await life.append([{ stream: 'orders' }])
    else counts.failedStarts++
    for (const mode of crashes) {
      const rebooted = new Life(disk.afterCrash(at, mode), new ManualClock(), journal, () => true)
      await rebooted.open()
      const events = await everything(rebooted.store as EmbeddedStore)
      journal.check(events)
      await rebooted.close()
    }
    counts.cases++
    counts.faults += disk.faultsDelivered
  }
  tell('a first start fails', counts)
  must(counts.faults > 0 && counts.failedStarts > 0, () => 'this gate proved nothing: no fault was delivered')
})

test('a rotation that stops halfway for want of a descriptor leaves the sealed segment alone, also at a clean stop', async () => {
  for (let at = 1; at <= 3; at++) {
    const disk = await bornStore(SEED)
    const journal = new AckJournal()
    const life = new Life(disk, new ManualClock(), journal, () => true)
    await life.open({ sealOnCloseBytes: 1_000_000 })
    await life.append([{ stream: 'orders', filler: 2_500 }])
    disk.arm({
      failAt: at,
      code: 'EMFILE',
      only: (kind, path) => kind === 'syncDirectory' && path.endsWith('segments'),
    })
    await life.append([{ stream: 'orders' }])
    must(disk.faultsDelivered === 1 || at > 1, () => 'this gate proved nothing: no fault was delivered')
    await readAlong(life, true)
    await life.close()
    await recover(disk, 'lose-all', journal, noCounts())
    await recover(disk, 'keep-all', journal, noCounts())
  }
})

test('a store whose directory is taken over while it writes answers indeterminate, and shows no more than before', async () => {
  const disk = await bornStore(SEED)
  const life = new Life(disk, new ManualClock(), new AckJournal(), () => true)
  await life.open()
  await life.append([{ stream: 'orders' }])
  let taken = false
  disk.arm({ failAt: 1, only: (kind, path) => takeOver(kind, path) })
  // No fault at all: only the moment at which one would strike is made use of.
  function takeOver(kind: OperationKind, path: string): false {
    if (!taken && kind === 'write' && path.includes('.log')) disk.steal('/data/LOCK')
    taken ||= kind === 'write'
    return false
  }
  const late = await life.append([{ stream: 'orders' }, { stream: 'visits' }], { key: 'late' })
  expect(late).toMatchObject({ outcome: 'indeterminate', code: 'INDETERMINATE' })
  expect(life.store?.head()).toBe(1)
  await readAlong(life, true)
  expect(await life.append([{ stream: 'orders' }])).toMatchObject({ outcome: 'rejected', code: 'READ_ONLY' })
  expect(life.store?.status().write).toMatchObject({ reason: 'lost_ownership' })
  await life.close()
})

test('a start that fails on a bad disk and another one cut short by the power cost nothing that was acknowledged', async () => {
  const journal = new AckJournal()
  const born = await bornStore(SEED)
  const life = new Life(born, new ManualClock(), journal, () => born.powered)
  await life.open()
  await life.burst([{ stream: 'orders' }], [{ stream: 'visits' }, { stream: 'orders' }])
  const settled = born.afterCrash(SEED, 'lose-all')
  const counts = { failedStarts: 0, cutStarts: 0 }
  for (let failAt = 1; ; failAt++) {
    const probe = await failedStart(settled, failAt)
    if (probe === undefined) break
    counts.failedStarts++
    for (let dieAt = 1 + (failAt % 5); ; dieAt += stride(5, 25)) {
      const disk = (await failedStart(settled, failAt)) as FakeDisk
      disk.arm({ dieAt })
      const opened = await openTiny(disk, new ManualClock()).catch(() => undefined)
      await opened?.close().catch(() => undefined)
      if (disk.powered) break
      counts.cutStarts++
      try {
        await recover(disk, 'lose-all', journal, noCounts())
      } catch (error) {
        throw new Error(
          `${trail(error)}\na start failed at ${failAt}, the next was cut at ${dieAt}\n${disk.story(150)}`,
        )
      }
    }
  }
  tell('a failed start and a cut one', counts)
  must(counts.failedStarts > 20 && counts.cutStarts > 100, () => 'this gate proved nothing')
}, 3_600_000)

/** The disk after a start that met one failure; undefined when it met none. Whatever the kernel forgot stays forgotten. */
async function failedStart(settled: FakeDisk, failAt: number): Promise<FakeDisk | undefined> {
  const disk = settled.clone()
  disk.arm({ failAt, code: 'EIO' })
  const opened = await openTiny(disk, new ManualClock()).catch(() => undefined)
  await opened?.close()
  return disk.faultsDelivered === 0 ? undefined : disk
}
