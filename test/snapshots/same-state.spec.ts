// One state, whatever it is made from: all of history, a snapshot and the rest, a chain of differences, a client's own pieces across crashes, or what is kept live.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { JsonValue } from '../../src/contract/event.js'
import { Feed } from '../../src/following/feed.js'
import { LiveProjection } from '../../src/projections/live-projection.js'
import { LiveProjections } from '../../src/projections/live-projections.service.js'
import { stateText } from '../../src/snapshots/state-text.js'
import { DATA, openTiny } from '../crash/tiny-store.js'
import { tries } from '../support/effort.js'
import { FakeDisk } from '../support/fake-disk.js'
import { ManualClock } from '../support/manual-clock.js'
import { NAIVE, type NaiveEvent, naiveAnswer, RENAMED, RENAMED_TYPE, SEEN } from './naive-fold.js'
import { StateFixture, type Story } from './state-fixture.js'
import { ballast, FOLDS, type FoldStory, PROJECTED, story } from './stories.js'

/** A log on a disk of its own, closed or cut off and opened again, and what was appended to it. */
class Told {
  readonly events: NaiveEvent[] = []
  fixture!: StateFixture
  private disk: FakeDisk
  private readonly clock = new ManualClock()

  constructor(seed: number) {
    this.disk = new FakeDisk({ seed, directories: [DATA] })
  }

  async open(): Promise<void> {
    const store = await openTiny(this.disk, this.clock)
    this.fixture = await StateFixture.open(this.disk, store)
  }

  /** `seed`: of what the power leaves when it goes; undefined: an orderly stop. */
  async again(seed?: number): Promise<void> {
    if (seed === undefined) await this.fixture.store.close()
    this.disk = seed === undefined ? this.disk.clone() : this.disk.afterCrash(seed)
    await this.open()
  }

  async append(...stories: readonly Story[]): Promise<void> {
    const first = this.fixture.store.head() + 1
    await this.fixture.append(...stories)
    for (const [at, { type = 'T', stream = 's', data }] of stories.entries()) {
      this.events.push({ position: first + at, type, stream, data })
    }
  }

  model({ model, matches }: FoldStory, at = this.fixture.store.head()): string {
    return naiveAnswer(NAIVE[model], this.events, { matches, at })
  }

  async define(): Promise<void> {
    await this.fixture.upcasting.define(RENAMED_TYPE, RENAMED, 'operator')
    await this.fixture.projections.define('seen', SEEN, 'operator')
  }

  /** As a client does that keeps the state itself, and asks again from there. */
  async inPieces({ asked }: FoldStory, sizes: readonly number[], crashes: readonly (number | undefined)[]) {
    const head = this.fixture.store.head()
    let kept = { state: undefined as JsonValue | undefined, position: 0, events: 0 }
    for (let turn = 0; kept.position < head; turn++) {
      const { state, position: after, events } = kept
      const at = Math.min(head, after + (sizes[turn % sizes.length] ?? 1))
      const from = state === undefined ? {} : { after, initial: { state, events } }
      const replayed = await this.fixture.replay({ ...asked, ...from, at, snapshots: false })
      // It has been on the client's disk meanwhile.
      kept = { ...replayed, state: JSON.parse(stateText(replayed.state)) as JsonValue }
      if (turn < crashes.length) await this.again(crashes[turn])
    }
    return `${kept.position} ${kept.events} ${stateText(kept.state ?? null)}`
  }
}

const seeds = fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 2 })
const history = fc.array(fc.array(story, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 10 })

const RUNS = tries(100, 40)

describe('one state', () => {
  test('is made by full replay, from snapshots, through differences, in pieces and across crashes', async () => {
    const used = { full: 0, differences: 0, replays: 0 }
    const trial = fc.record({
      batches: history,
      fold: fc.constantFrom(...FOLDS, PROJECTED),
      isLarge: fc.boolean(),
      sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      crashes: seeds,
    })
    await fc.assert(
      fc.asyncProperty(trial, async ({ batches, fold, isLarge, sizes, crashes }) => {
        const told = new Told(crashes.length + 1)
        await told.open()
        await told.define()
        if (isLarge) await told.append(ballast)
        for (const batch of batches) {
          await told.append(...batch)
          await told.fixture.keep(fold.asked)
        }
        for (let pass = 0; pass < 2; pass++) {
          const { fixture } = told
          for (let at = 0; at <= fixture.store.head(); at++) {
            const expected = told.model(fold, at)
            expect(await fixture.answer({ ...fold.asked, at })).toBe(expected)
            expect(await fixture.answer({ ...fold.asked, at, snapshots: false })).toBe(expected)
          }
          for (const { header } of fixture.shelf.list()) used[header.base === null ? 'full' : 'differences']++
          used.replays += fixture.snapshots.counts.used
          expect(fixture.snapshots.counts).toMatchObject({ quarantined: 0, wrong: 0 })
          if (pass === 0) expect(await told.inPieces(fold, sizes, crashes)).toBe(told.model(fold))
        }
        await told.fixture.store.close()
      }),
      { numRuns: RUNS },
    )
    expect(used.full).toBeGreaterThan(RUNS)
    expect(used.differences).toBeGreaterThan(RUNS / 4)
    expect(used.replays).toBeGreaterThan(RUNS)
  }, 60_000)

  test('is kept live from a snapshot on, where there is one', async () => {
    const told = new Told(1)
    await told.open()
    await told.define()
    for (let n = 0; n < 30; n++) await told.append({ data: { n } })
    await told.fixture.keep(PROJECTED.asked)
    await told.append({ data: { late: true } })
    await told.again()
    const { store, projections, upcasting, keptStates, snapshots } = told.fixture
    const kept = new LiveProjections(new Feed(store), projections, upcasting, keptStates)
    kept.onModuleInit()
    const live = await kept.find(await projections.one('seen'))
    expect(snapshots.counts.used).toBe(1)
    while (live?.state?.position !== store.head()) await new Promise(setImmediate)
    expect(`${live.position} ${live.state?.events} ${stateText(live.state?.state ?? null)}`).toBe(told.model(PROJECTED))
    kept.beforeApplicationShutdown()
    await store.close()
  })

  test('is kept live, whatever it begins with', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.nat(), async (batches, begin) => {
        const told = new Told(1)
        await told.open()
        await told.define()
        const { fixture } = told
        const early = batches.slice(0, begin % (batches.length + 1))
        for (const batch of early) await told.append(...batch)
        await fixture.keep(PROJECTED.asked)
        const from = await fixture.replay(PROJECTED.asked)
        const ground = {
          feed: new Feed(fixture.store),
          upcasters: await fixture.upcasting.inForce(),
          onStop: (error: unknown) => {
            throw error
          },
        }
        const projection = await fixture.projections.one('seen')
        const live = [new LiveProjection(projection, ground), new LiveProjection(projection, ground, from)]
        for (const one of live) one.begin()
        for (const batch of batches.slice(early.length)) await told.append(...batch)
        for (const one of live) {
          while (one.state?.position !== fixture.store.head()) await new Promise(setImmediate)
          const { position, events, state } = one.state
          expect(`${position} ${events} ${stateText(state)}`).toBe(told.model(PROJECTED))
          one.end()
        }
        await fixture.store.close()
      }),
      { numRuns: tries(40, 20) },
    )
  }, 60_000)
})
