// Makes snapshots that are due, verifies one a day and removes old ones, in the background and never two at once.
import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common'
import type { Position } from '../contract/event.js'
import type { EventStore, StoreStatus } from '../contract/event-store.js'
import type { Pressure } from '../contract/pressure.js'
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
  readonly pressure: Pressure
}

const NO_GROWTH = 'the store does not tell how large its log is: no snapshot is made because the log has grown'

/** How many events behind the newest snapshot match, counted up to `upTo`, so that no event is read twice. */
interface Counted {
  /** With the upcasters that were in force. */
  readonly fold: string
  readonly newest: Position
  readonly upTo: Position
  readonly matching: number
}

/** What is remembered of a fold for as long as it is kept. */
interface Remembered {
  counted?: Counted
  pausedUntilMs?: number
  /** When it was found last that it could not be verified. */
  unverifiedMs?: number
}

@Injectable()
export class SnapshotScheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('snapshots')
  private readonly rate = new RequestRate()
  private readonly remembered = new Map<string, Remembered>()
  private verifyPausedUntilMs = 0
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
    if (this.rests) return
    const isQuiet = await this.isQuiet()
    await this.snapshots.adoptProjections().catch(error => this.warn(error, 'the projections cannot be read'))
    for (const kept of this.snapshots.registry.all) {
      if (this.over || this.rests) return
      await this.orPause(kept, isQuiet)
    }
    this.forgetReleased()
    await this.verifyOne()
    await this.snapshots.retain().catch(() => undefined)
  }

  private get rests(): boolean {
    return this.world.pressure.rests
  }

  private async lookAt({ id, text }: KeptFold, isQuiet: boolean): Promise<void> {
    const fold = await this.snapshots.inForce(text)
    if (fold === undefined) return
    const { store, nowMs } = this.world
    const newest = this.snapshots.newestOf(fold.id)
    const reason = dueFor(
      {
        positions: newest && store.head() - newest.header.position,
        matching: newest === undefined ? 0 : await this.matchingSince(newest, fold, this.of(id)),
        ms: nowMs() - (newest?.header.createdMs ?? 0),
        bytes: grownSince(newest, store.status()),
        isQuiet,
        hasLost: this.snapshots.hasLost(fold.id),
      },
      this.rules,
    )
    if (reason !== undefined) await this.snapshots.make(fold, reason)
  }

  /** Reads what came since it was counted last, and only when that could be enough. */
  private async matchingSince(
    { header }: SnapshotEntry,
    { id: fold, filter }: NamedFold,
    remembered: Remembered,
  ): Promise<number> {
    const { store } = this.world
    const head = store.head()
    const { counted } = remembered
    const isSame = counted?.fold === fold && counted.newest === header.position
    const known = isSame ? counted : { upTo: header.position, matching: 0 }
    const missing = this.rules.events - known.matching
    if (missing <= 0 || head - known.upTo < missing) return known.matching
    let { matching } = known
    for await (const _ of store.read({ filter, after: known.upTo, before: head + 1, limit: missing })) matching++
    remembered.counted = { fold, newest: header.position, upTo: head, matching }
    return matching
  }

  /**
   * Of all folds the one that has not been verified for longest, and of it the newest. One that cannot be verified lets
   * the others go before it, after a pause: trying takes as long as verifying.
   */
  private async verifyOne(): Promise<void> {
    const nowMs = this.world.nowMs()
    const verifiable = this.snapshots.registry.all.filter(({ id }) => this.snapshots.newestAsked(id) !== undefined)
    const last = Math.max(...verifiable.map(({ sinceMs, verifiedMs }) => (verifiedMs > sinceMs ? verifiedMs : 0)))
    if (nowMs < this.verifyPausedUntilMs || nowMs - last < VERIFY_MS) return
    const lookedAt = ({ id, verifiedMs }: KeptFold) => Math.max(verifiedMs, this.remembered.get(id)?.unverifiedMs ?? 0)
    const longAgo = verifiable.filter(({ verifiedMs }) => nowMs - verifiedMs >= VERIFY_MS)
    const [next] = longAgo.sort((a, b) => lookedAt(a) - lookedAt(b))
    const newest = next && this.snapshots.newestAsked(next.id)
    if (next === undefined || newest === undefined) return
    try {
      await this.snapshots.verify(newest.id)
    } catch (error) {
      if (this.over) return
      this.of(next.id).unverifiedMs = nowMs
      this.verifyPausedUntilMs = nowMs + PAUSE_MS
      this.warn(error, `the snapshot ${newest.id} could not be verified`)
    }
  }

  /** What fails now may succeed later; a server must not spend its time on trying. */
  private async orPause(kept: KeptFold, isQuiet: boolean): Promise<void> {
    const nowMs = this.world.nowMs()
    if (nowMs < (this.remembered.get(kept.id)?.pausedUntilMs ?? 0)) return
    try {
      await this.lookAt(kept, isQuiet)
    } catch (error) {
      if (this.over) return
      this.of(kept.id).pausedUntilMs = nowMs + PAUSE_MS
      this.warn(error, `no snapshot of the fold ${kept.id} could be made`)
    }
  }

  private of(id: string): Remembered {
    const known = this.remembered.get(id) ?? {}
    this.remembered.set(id, known)
    return known
  }

  private forgetReleased(): void {
    for (const id of this.remembered.keys()) {
      if (this.snapshots.registry.find(id) === undefined) this.remembered.delete(id)
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
