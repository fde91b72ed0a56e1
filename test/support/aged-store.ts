// An embedded store that has been written to for a number of days, one sealed segment each, under a clock that tests bend.
import { type EmbeddedStore, openEmbedded } from '../../src/backends/embedded/embedded-store.js'
import type { Disk } from '../../src/backends/embedded/engine/disk/disk.js'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import type { Observer } from '../../src/contract/observer.js'
import { FakeDisk } from './fake-disk.js'
import { DAY, ManualClock } from './manual-clock.js'

export const EVENTS_A_DAY = 7

export interface Told {
  readonly archived: string[]
  readonly retired: string[]
  readonly restored: string[]
  readonly cleanedUp: string[]
  readonly noticed: string[]
  readonly damaged: string[]
  readonly scrubbed: { bytes: number; damaged: number }[]
}

export class AgedStore {
  readonly told: Told = {
    archived: [],
    retired: [],
    restored: [],
    cleanedUp: [],
    noticed: [],
    damaged: [],
    scrubbed: [],
  }

  private constructor(
    readonly store: EmbeddedStore,
    readonly clock: ManualClock,
  ) {}

  static async open(
    disk: Disk | undefined,
    directory: string,
    clock: ManualClock,
    options: Partial<EmbeddedOptions> = {},
  ): Promise<AgedStore> {
    const early: [(aged: AgedStore) => void][] = []
    let aged: AgedStore | undefined
    const tell = (what: (aged: AgedStore) => void) => {
      if (aged === undefined) early.push([what])
      else what(aged)
    }
    const observer: Observer = {
      archived: ({ name }) => tell(({ told }) => told.archived.push(name)),
      retired: ({ name }) => tell(({ told }) => told.retired.push(name)),
      cleanedUp: ({ name }) => tell(({ told }) => told.cleanedUp.push(name)),
      restored: ({ name }) => tell(({ told }) => told.restored.push(name)),
      warned: ({ what, detail }) => tell(({ told }) => told.noticed.push(`${what}: ${detail}`)),
      damaged: ({ from, to, reason }) => tell(({ told }) => told.damaged.push(`${from}-${to} ${reason}`)),
      scrubbed: ({ bytes, damaged }) => tell(({ told }) => told.scrubbed.push({ bytes, damaged })),
    }
    const store = await openEmbedded({
      directory,
      nodeId: 'node-1',
      clock,
      monotonic: clock.steady,
      observer,
      reserveBytes: 0,
      presizeBytes: 0,
      idleMarkMs: 0,
      scrubBytesPerSecond: 0,
      ...(disk === undefined ? {} : { disk }),
      ...options,
    })
    aged = new AgedStore(store, clock)
    for (const [what] of early) what(aged)
    return aged
  }

  /** A day's events; the first of them begins the next segment. */
  async day(filler = 120): Promise<void> {
    for (let i = 0; i < EVENTS_A_DAY; i++) {
      const stream = i === 1 ? `only-${this.clock.now()}` : `stream-${i % 3}`
      const events = [{ type: 'day.logged', stream, data: { i, text: 'lorem ipsum '.repeat(filler / 12) } }]
      await this.store.append({ events, author: { agentId: 'agent-1' } })
    }
    this.clock.pass(DAY)
  }

  /** Every event as it would be printed. */
  async events(): Promise<string[]> {
    const all: string[] = []
    for await (const event of this.store.read({})) all.push(JSON.stringify(event))
    return all
  }

  /** The store as it stands, without the files it keeps being closed: as when the machine is gone. */
  abandon(): void {
    this.store.close().catch(() => undefined)
  }
}

/** A fake disk with a store that was closed in good order after so many days. */
export async function agedDisk(
  days: number,
  directory = '/data',
): Promise<{ disk: FakeDisk; clock: ManualClock; events: string[] }> {
  const disk = new FakeDisk({ directories: [directory] })
  const clock = new ManualClock()
  const aged = await AgedStore.open(disk, directory, clock)
  for (let day = 0; day < days; day++) await aged.day()
  const events = await aged.events()
  await aged.store.close()
  return { disk, clock, events }
}

/** How many operations of the disk the next pass of the upkeep takes. */
export async function operationsOfOnePass(disk: FakeDisk, held: AgedStore): Promise<number> {
  const before = disk.operations
  await held.store.maintenance.pass()
  const count = disk.operations - before
  await held.store.close()
  return count
}
