// Makes snapshots that are due, verifies one a day and removes old ones, in the background and never two at once.
import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common'
import type { Position } from '../contract/event.js'
import type { EventStore, StoreStatus } from '../contract/event-store.js'
import type { NamedFold } from '../folding/fold-descriptor.js'
import type { KeptFold } from './registry.js'
import { LOOK_MS, PAUSE_MS, type SnapshotRules, VERIFY_MS } from './snapshot-rules.js'
import type { SnapshotEntry } from './snapshot-store.js'
import type { Snapshots } from './snapshots.service.js'
import { dueFor, isWithin, RequestRate } from './triggers.js'

export interface SchedulerContext {
  readonly store: EventStore
  readonly nowMs: () => number
  /** The number of requests since the server began. */
  readonly requests: () => Promise<number>
}

const NO_GROWTH = 'the store does not tell how large its log is: no snapshot is made because the log has grown'

/** How many events behind the newest snapshot match, counted up to `upTo`, so that no event is read twice. */
interface Counted {
  readonly newest: Position
  readonly upTo: Position
  readonly matching: number
}

@Injectable()
export class SnapshotScheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('snapshots')
  private readonly rate = new RequestRate()
  private readonly counted = new Map<string, Counted>()
  private readonly pausedUntilMs = new Map<string, number>()
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> | undefined
  private over = false

  constructor(
    private readonly snapshots: Snapshots,
    private readonly world: SchedulerContext,
    private readonly rules: SnapshotRules,
  ) {}

  onApplicationBootstrap(): void {
    if (this.world.store.status().size === undefined) this.logger.warn(NO_GROWTH)
    const failed = (error: unknown) => this.warn(error, 'snapshots could not be looked after')
    this.timer = setInterval(() => void this.look().catch(failed), LOOK_MS).unref()
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.over = true
    clearInterval(this.timer)
    await this.looking
  }

  /** Looks at all folds once. It joins a look that is under way, so that two never run at once. */
  look(): Promise<void> {
    this.looking ??= this.lookAtAll().finally(() => {
      this.looking = undefined
    })
    return this.looking
  }

  private async lookAtAll(): Promise<void> {
    const isQuiet = await this.isQuiet()
    await this.snapshots.adoptProjections().catch(error => this.warn(error, 'the projections cannot be read'))
    for (const kept of this.snapshots.registry.all) {
      if (this.over) return
      await this.orPause(kept, () => this.lookAt(kept, isQuiet))
    }
    await this.verifyOne()
    await this.snapshots.retain().catch(() => undefined)
  }

  private async lookAt({ text }: KeptFold, isQuiet: boolean): Promise<void> {
    const fold = await this.snapshots.inForce(text)
    if (fold === undefined) return
    const { store, nowMs } = this.world
    const newest = this.snapshots.newestOf(fold.id)
    const reason = dueFor(
      {
        positions: newest && store.head() - newest.header.position,
        matching: newest === undefined ? 0 : await this.matchingSince(newest, fold),
        ms: nowMs() - (newest?.header.createdMs ?? 0),
        bytes: grownSince(newest, store.status()),
        isQuiet,
        hasLost: this.snapshots.hasLost(fold.id),
      },
      this.rules,
    )
    if (reason !== undefined) await this.snapshots.make(fold, reason)
  }

  /** Reads only what came since the last count, and only when that could be enough to make a snapshot due. */
  private async matchingSince({ header }: SnapshotEntry, { id, filter }: NamedFold): Promise<number> {
    const { store } = this.world
    const head = store.head()
    const before = this.counted.get(id)
    const known = before?.newest === header.position ? before : { upTo: header.position, matching: 0 }
    const missing = this.rules.events - known.matching
    if (missing <= 0 || head - known.upTo < missing) return known.matching
    let { matching } = known
    for await (const _ of store.read({ filter, after: known.upTo, before: head + 1, limit: missing })) matching++
    this.counted.set(id, { newest: header.position, upTo: head, matching })
    return matching
  }

  /** Verifies the newest snapshot of the fold whose last verification is the longest ago. */
  private async verifyOne(): Promise<void> {
    const { registry } = this.snapshots
    const longAgo = registry.all.filter(({ id }) => this.snapshots.newestAsked(id) !== undefined)
    const [next] = longAgo.sort((a, b) => a.verifiedMs - b.verifiedMs)
    const nowMs = this.world.nowMs()
    const last = Math.max(...longAgo.map(({ sinceMs, verifiedMs }) => (verifiedMs > sinceMs ? verifiedMs : 0)))
    if (next === undefined || nowMs - Math.max(next.verifiedMs, last) < VERIFY_MS) return
    const newest = this.snapshots.newestAsked(next.id)
    if (newest !== undefined) await this.orPause(next, () => this.snapshots.verify(newest.id))
  }

  /** Pauses a fold after a failure: it may succeed later, but the server must not spend its time on retries. */
  private async orPause({ id }: KeptFold, work: () => Promise<unknown>): Promise<void> {
    const nowMs = this.world.nowMs()
    if (nowMs < (this.pausedUntilMs.get(id) ?? 0)) return
    try {
      await work()
    } catch (error) {
      if (this.over) return
      this.pausedUntilMs.set(id, nowMs + PAUSE_MS)
      this.warn(error, `no snapshot of the fold ${id} could be made or verified`)
    }
  }

  private warn(error: unknown, message: string): void {
    this.logger.warn({ error, message })
  }

  private async isQuiet(): Promise<boolean> {
    const { quietHours, quietRequestsPerMinute } = this.rules
    const nowMs = this.world.nowMs()
    if (!isWithin(quietHours, nowMs)) return false
    return this.rate.perMinute(await this.world.requests(), nowMs) <= quietRequestsPerMinute
  }
}

function grownSince(newest: SnapshotEntry | undefined, { size }: StoreStatus): number | undefined {
  return size === undefined ? undefined : size.bytes - (newest?.header.logBytes ?? 0)
}
