// Replays and snapshots over a store, put together as the server does it.
import { join } from 'node:path'
import { Logger } from '@nestjs/common'
import { Access } from '../../src/auth/access.js'
import { RealDisk } from '../../src/backends/embedded/engine/disk/real-disk.js'
import { SideFiles } from '../../src/backends/embedded/side-files.js'
import type { EventStore } from '../../src/contract/event-store.js'
import { FoldCatalog } from '../../src/folding/fold-catalog.service.js'
import { Projections } from '../../src/folding/projections.service.js'
import { ReplayDto } from '../../src/folding/replay.dto.js'
import type { Replayed } from '../../src/folding/replay.js'
import { Replays } from '../../src/folding/replays.service.js'
import { SnapshotSource } from '../../src/folding/snapshot-source.service.js'
import { Snapshots } from '../../src/snapshots/snapshots.service.js'
import { Upcasting } from '../../src/upcasting/upcasting.service.js'

Logger.overrideLogger(['error'])
const forEver = new AbortController().signal

export class States {
  readonly access = new Access({ agentId: 'bench', role: 'admin' })

  private constructor(
    private readonly replays: Replays,
    readonly snapshots: Snapshots,
  ) {}

  static async open(store: EventStore, directory: string): Promise<States> {
    const projections = new Projections(store)
    const upcasting = new Upcasting(store)
    const replays = new Replays(store, new SnapshotSource(), projections, upcasting)
    const folds = new FoldCatalog(store, replays, projections, upcasting)
    const files = new SideFiles(new RealDisk(), join(directory, 'snapshots'))
    const snapshots = new Snapshots(files, folds, replays, Date.now)
    await snapshots.onModuleInit()
    return new States(replays, snapshots)
  }

  async replay(asked: Partial<ReplayDto>, signal = forEver): Promise<Replayed> {
    const plan = await this.replays.plan(Object.assign(new ReplayDto(), asked), this.access)
    return this.replays.state(plan, this.access, signal)
  }
}
