// A log, replays and snapshots of it on a disk of its own: what the stories of snapshots are told with.
import { Logger } from '@nestjs/common'
import { Access } from '../../src/auth/access.js'
import type { Disk } from '../../src/backends/embedded/engine/disk/disk.js'
import { SideFiles } from '../../src/backends/embedded/side-files.js'
import { MemoryStore } from '../../src/backends/memory/memory-store.js'
import type { JsonObject, Position } from '../../src/contract/event.js'
import type { EventStore } from '../../src/contract/event-store.js'
import { FoldCatalog } from '../../src/folding/fold-catalog.service.js'
import { Projections } from '../../src/folding/projections.service.js'
import { ReplayDto } from '../../src/folding/replay.dto.js'
import type { Replayed } from '../../src/folding/replay.js'
import { Replays } from '../../src/folding/replays.service.js'
import { SnapshotSource } from '../../src/folding/snapshot-source.service.js'
import { Snapshots } from '../../src/snapshots/snapshots.service.js'
import { stateText } from '../../src/snapshots/state-text.js'
import { Upcasting } from '../../src/upcasting/upcasting.service.js'

export const OPERATOR = new Access({ agentId: 'operator', role: 'admin' })
export const DIRECTORY = '/data/snapshots'
// What is damaged on purpose is nothing to be told of.
Logger.overrideLogger(false)
const never = new AbortController().signal

export interface Story {
  readonly type?: string
  readonly stream?: string
  readonly data: JsonObject
}

/** Its clock stands still until it is set. */
export class StateFixture {
  nowMs = Date.UTC(2026, 0, 31, 12)
  readonly keptStates = new SnapshotSource()
  readonly replays: Replays
  readonly projections: Projections
  readonly upcasting: Upcasting
  readonly folds: FoldCatalog
  readonly snapshots: Snapshots

  private constructor(
    readonly disk: Disk,
    readonly store: EventStore,
    directory: string,
  ) {
    this.projections = new Projections(store)
    this.upcasting = new Upcasting(store)
    this.replays = new Replays(store, this.keptStates, this.projections, this.upcasting)
    this.folds = new FoldCatalog(store, this.replays, this.projections, this.upcasting)
    const files = new SideFiles(disk, directory)
    const { replays, folds } = this
    this.snapshots = new Snapshots(files, folds, replays, () => this.nowMs)
  }

  static async open(
    disk: Disk,
    store: EventStore = new MemoryStore({ nodeId: 'n' }),
    directory = DIRECTORY,
  ): Promise<StateFixture> {
    const fixture = new StateFixture(disk, store, directory)
    await fixture.snapshots.onModuleInit()
    return fixture
  }

  get shelf() {
    return this.snapshots.shelf
  }

  async append(...stories: readonly Story[]): Promise<void> {
    const events = stories.map(({ type = 'T', stream = 's', data }) => ({ type, stream, data }))
    await this.store.append({ events, author: { agentId: 'a' } })
  }

  keep(asked: Partial<ReplayDto> = {}, access = OPERATOR) {
    return this.snapshots.keep({ fold: asked, name: null }, access)
  }

  async replay(asked: Partial<ReplayDto> = {}, access = OPERATOR): Promise<Replayed> {
    const plan = await this.replays.plan(Object.assign(new ReplayDto(), asked), access)
    return this.replays.state(plan, access, never)
  }

  /** What a replay answers, but for where it began, as bytes. */
  async answer(asked: Partial<ReplayDto>, access = OPERATOR): Promise<string> {
    const { state, position, events } = await this.replay(asked, access)
    return `${position} ${events} ${stateText(state)}`
  }

  async began(asked: Partial<ReplayDto> = {}, access = OPERATOR): Promise<Position | undefined> {
    return (await this.replay(asked, access)).snapshot?.position
  }
}
