// The power goes at every operation of a store's life, and again while it recovers: nothing acknowledged or read is lost.
import { expect, test } from '@jest/globals'
import { SEED, SOAK, stride, tell } from '../support/effort.js'
import { type CrashMode, FakeDisk } from '../support/fake-disk.js'
import { ManualClock } from '../support/manual-clock.js'
import { AckJournal, fingerprint, must } from './ack-journal.js'
import { provenEnd } from './chain-check.js'
import { Died, Life, liveBriefly, liveThroughAll } from './life.js'
import { everything, openTiny } from './tiny-store.js'

interface Counts {
  crashes: number
  recoveries: number
  crashedRecoveries: number
  retried: number
  events: number
}

interface Story {
  readonly tell: (life: Life) => Promise<void>
  readonly outcomes: readonly (readonly [CrashMode, number])[]
  /** Every how many-th operation of a recovery the power goes again. */
  readonly recoveryStride: number
}

const fullLife: Story = {
  tell: life =>
    liveThroughAll(life, async () => {
      await life.close()
      await life.open()
    }),
  outcomes: [['lose-all', 0], ['keep-all', 0], ['kill', 0], ...seeds(SOAK > 0 ? 8 * SOAK : 2)],
  recoveryStride: stride(60, 60),
}

const briefLife: Story = {
  tell: liveBriefly,
  outcomes: SOAK > 0 ? [['lose-all', 0], ['keep-all', 0], ...seeds(4)] : seeds(1),
  recoveryStride: stride(1, 5),
}

function seeds(count: number): (readonly [CrashMode, number])[] {
  return Array.from({ length: count }, (_, at) => ['random', SEED * 1_000 + at] as const)
}

/** The disk as it was when the power went at operation `dieAt`; undefined when the life ended before. */
async function liveUntil(dieAt: number, story: Story, journal: AckJournal): Promise<FakeDisk | undefined> {
  const disk = new FakeDisk({ directories: ['/'], seed: SEED + dieAt, plan: { dieAt } })
  const life = new Life(disk, new ManualClock(), journal, () => disk.powered)
  try {
    await life.open()
    await story.tell(life)
    await life.close()
  } catch (error) {
    if (!(error instanceof Died)) throw error
  }
  return disk.powered ? undefined : disk
}

/** Opens what a crash left and holds it against the journal. Returns all it found. */
async function recover(disk: FakeDisk, journal: AckJournal, counts: Counts): Promise<string[]> {
  const store = await openTiny(disk, new ManualClock())
  const { write, damaged } = store.status()
  must(write.writable && damaged.length === 0, () => `recovered as ${JSON.stringify({ write, damaged })}`)
  const events = await everything(store)
  journal.check(events)
  must(store.head() === events.length, () => `the head is ${store.head()} after ${events.length} events`)
  await store.close()
  counts.recoveries++
  return events.map(fingerprint)
}

/** The life goes on: undecided keys are sent again, something new is appended, and a new start finds all of it. */
async function goOn(disk: FakeDisk, journal: AckJournal, counts: Counts): Promise<void> {
  const clock = new ManualClock()
  const store = await openTiny(disk, clock)
  counts.retried += await journal.retry(store, await everything(store))
  const life = new Life(disk, clock, journal, () => true)
  life.store = store
  await life.append([{ stream: 'after', filler: 2_000 }, { stream: 'orders' }])
  const { outcome, code } = await life.append([{ stream: 'after' }])
  must(outcome === 'stored', () => `the store takes no appends: ${code}`)
  const before = (await everything(store)).map(fingerprint)
  await life.close()
  const after = await recover(disk, journal, counts)
  must(after.join() === before.join(), () => 'a clean stop and start changed what is read')
  const end = await provenEnd(disk)
  must(end === after.length + 1, () => `the files hold ${end - 1} events, the store ${after.length}`)
  must(disk.openFiles.length === 0, () => `still open: ${disk.openFiles.join()}`)
  counts.events += after.length
}

/** What a crash left, and what an undisturbed recovery made of it. */
interface Settled {
  readonly disk: FakeDisk
  readonly expected: readonly string[]
  /** After the death of the process alone the cache still shows bytes that nobody was promised: the next crash may take them. */
  readonly promised: boolean
}

/** The power goes at operation `dieAt` of the recovery, too: the one after it must find what an undisturbed one finds. */
async function recoverTwice(settled: Settled, dieAt: number, journal: AckJournal, counts: Counts): Promise<void> {
  const disk = settled.disk.clone()
  disk.arm({ dieAt })
  const opened = await openTiny(disk, new ManualClock()).catch(() => undefined)
  await opened?.close().catch(() => undefined)
  if (disk.powered) return
  counts.crashedRecoveries++
  const [mode, seed] = recoveryCrashes[dieAt % recoveryCrashes.length] as readonly [CrashMode, number]
  const found = await recover(disk.afterCrash(seed + dieAt, mode), journal, counts)
  if (!settled.promised && opened === undefined) return
  const same = found.join() === settled.expected.join()
  must(same, () => `interrupted at operation ${dieAt} it left ${found.length} events, else ${settled.expected.length}`)
}

const recoveryCrashes: readonly (readonly [CrashMode, number])[] = [
  ['lose-all', 0],
  ['random', SEED],
  ['keep-all', 0],
  ['random', SEED + 7],
]

async function crashAt(dieAt: number, story: Story, counts: Counts): Promise<boolean> {
  for (const [mode, seed] of story.outcomes) {
    const journal = new AckJournal()
    const disk = await liveUntil(dieAt, story, journal)
    if (disk === undefined) return false
    counts.crashes++
    try {
      const settled = disk.afterCrash(seed + dieAt, mode)
      const first = settled.clone()
      const expected = await recover(first, journal, counts)
      const operations = first.operations
      const outcome = { disk: settled, expected, promised: mode !== 'kill' }
      const { recoveryStride } = story
      for (let at = 1 + (dieAt % recoveryStride); at <= operations; at += recoveryStride) {
        await recoverTwice(outcome, at, journal, counts)
      }
      await goOn(first.clone(), journal, counts)
    } catch (error) {
      const where = `power lost at operation ${dieAt}, ${mode} with seed ${seed + dieAt}, SEED=${SEED}`
      throw new Error(`${where}\n${disk.story(12)}`, { cause: error })
    }
  }
  return true
}

async function crashEverywhere(story: Story, step: number): Promise<Counts & { operations: number }> {
  const counts: Counts = { crashes: 0, recoveries: 0, crashedRecoveries: 0, retried: 0, events: 0 }
  let dieAt = 1
  while (await crashAt(dieAt, story, counts)) dieAt += step
  return { ...counts, operations: dieAt - step }
}

function expectWork(counts: Counts): void {
  for (const [what, count] of Object.entries(counts))
    if (count === 0) throw new Error(`this gate proved nothing: ${what} 0`)
}

test('a life with rotations and a restart keeps its promises wherever the power goes', async () => {
  const counts = await crashEverywhere(fullLife, stride(1, 7))
  tell('power loss, full life', { ...counts })
  expectWork(counts)
  expect(counts.operations).toBeGreaterThan(200)
}, 3_600_000)

test('a brief life keeps its promises wherever the power goes, and wherever it goes again in the recovery', async () => {
  const counts = await crashEverywhere(briefLife, 1)
  tell('power loss, brief life', { ...counts })
  expectWork(counts)
}, 3_600_000)
