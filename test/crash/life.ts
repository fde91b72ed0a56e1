// A life of a tiny store as the gates live it: appends of every kind, rotations, a clean stop and a new start, all on record.

import type { EmbeddedStore } from '../../src/backends/embedded/embedded-store.js'
import type { Disk } from '../../src/backends/embedded/engine/disk/disk.js'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import type { AppendRequest } from '../../src/contract/event-store.js'
import { type ManualClock, SECOND } from '../support/manual-clock.js'
import { type AckJournal, type Attempt, cataloguedCode } from './ack-journal.js'
import { openTiny } from './tiny-store.js'

/** The power went: the process is dead, and whatever its promises still say is not worth hearing. */
export class Died extends Error {
  override readonly name = 'Died'
}

type Drafts = readonly { readonly stream: string; readonly filler?: number }[]

const AUTHOR = { agentId: 'a1' }

export class Life {
  store: EmbeddedStore | undefined
  /** What ended the readers. */
  readonly failures: string[] = []
  private following: Promise<void> = Promise.resolve()

  constructor(
    readonly disk: Disk,
    readonly clock: ManualClock,
    readonly journal: AckJournal,
    private readonly powered: () => boolean,
  ) {}

  async open(options: Partial<EmbeddedOptions> = {}): Promise<void> {
    this.store = await this.orDied(openTiny(this.disk, this.clock, options))
    this.following = this.follow(this.store)
  }

  async close(): Promise<void> {
    const { store } = this
    this.store = undefined
    await this.orDied(store?.close() ?? Promise.resolve())
    await this.following
  }

  /** One append; whatever the store answers is on record. */
  async append(drafts: Drafts, more: Omit<Partial<AppendRequest>, 'events'> = {}): Promise<Attempt> {
    if (!this.powered()) throw new Died()
    this.clock.move(SECOND)
    const attempt = this.journal.begin({ author: AUTHOR, ...more }, drafts)
    if (this.store === undefined) {
      attempt.outcome = 'rejected'
      return attempt
    }
    try {
      this.journal.stored(attempt, await this.store.append(attempt.request))
    } catch (error) {
      if (!this.powered()) throw new Died()
      this.journal.refused(attempt, error)
    }
    return attempt
  }

  /** Appends of one turn: several frames under one sync. */
  async burst(...all: readonly Drafts[]): Promise<void> {
    const appends = await Promise.allSettled(
      all.map((drafts, at) =>
        this.append(drafts, at % 2 === 0 ? {} : { key: `burst-${this.journal.attempts.length}` }),
      ),
    )
    for (const append of appends) if (append.status === 'rejected') throw append.reason
  }

  /** Reads along as a subscriber does; whatever it saw must stay. Ends with the store, or when a read fails. */
  private async follow(store: EmbeddedStore): Promise<void> {
    try {
      for (let position = 0; ; ) {
        await store.beyond(position)
        for await (const event of store.read({ after: position })) {
          this.journal.saw(event)
          position = event.position
        }
      }
    } catch (error) {
      if (this.powered()) this.failures.push(cataloguedCode(error))
    }
  }

  private async orDied<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (this.powered()) throw error
      throw new Died()
    }
  }
}

/** Everything a log does, in as few operations as it takes: each kind of append, rotations, a clean stop, a new start. */
export async function liveThroughAll(life: Life, restart: (life: Life) => Promise<void>): Promise<void> {
  await life.append([{ stream: 'orders' }])
  await life.burst([{ stream: 'orders' }], [{ stream: 'visits' }], [{ stream: 'orders' }, { stream: 'orders' }])
  await life.append([{ stream: 'visits', filler: 300 }, { stream: 'orders', filler: 600 }, { stream: 'visits' }], {
    key: 'k1',
  })
  await life.append([{ stream: 'orders' }], { expectations: [{ stream: 'orders', expectedRevision: 'none' }] })
  await life.append([{ stream: 'orders', filler: 400 }], { key: 'k2' })
  await life.burst([{ stream: 'visits', filler: 900 }], [{ stream: 'orders', filler: 900 }])
  await life.append([{ stream: 'orders' }], { key: 'k3' })
  await restart(life)
  await life.append([{ stream: 'orders' }], { key: 'k4' })
  await life.append([{ stream: 'visits', filler: 1_500 }])
  await life.burst([{ stream: 'late', filler: 700 }], [{ stream: 'orders' }, { stream: 'late' }])
  await life.append(
    [
      { stream: 'late', filler: 100 },
      { stream: 'orders', filler: 100 },
    ],
    { key: 'k5' },
  )
}

/** The least that is worth a crash: one append, several under one sync, one with a key. */
export async function liveBriefly(life: Life): Promise<void> {
  await life.append([{ stream: 'orders' }])
  await life.burst([{ stream: 'orders' }], [{ stream: 'visits' }, { stream: 'orders', filler: 500 }])
  await life.append([{ stream: 'orders' }], { key: 'k1' })
}
