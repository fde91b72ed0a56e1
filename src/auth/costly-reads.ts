// Limits how many costly reads one agent runs at a time; a bounded number of further ones waits in line.
import { StoreError } from '../contract/errors.js'
import type { NameHash } from '../threads/name-hash.js'
import { SharedLimits } from '../threads/shared-limits.js'
import type { SharedSignal } from '../threads/shared-signal.js'
import type { Access } from './access.js'
import type { WorkBudgets } from './work-budgets.js'

/** This many may wait in a thread for each read under way, so that a burst of an honest agent is delayed and not refused. */
const LINE_FOR_EACH = 8
const US_PER_MS = 1_000

type Release = () => void

interface Waiting {
  /** In whole microseconds from 1, by the clock of all threads. */
  readonly since: number
  readonly resume: (release: Release) => void
}

/** The exchange with the caller that waits for the read. */
interface Exchange {
  /** Calls `leave` when the caller is gone; at once if that is so already. */
  whenGone(leave: () => void): void
}

/**
 * Each thread has a line of its own for an agent, and tells the others since when its first waits. Whoever has waited
 * longest in all of them is next: the others pass by only behind it, and look again whenever a read has ended or a line
 * has moved.
 */
export class CostlyReads {
  /** An agent has a line only while somebody waits in it. */
  private readonly lines = new Map<string, Waiting[]>()
  private readonly names: NameHash
  private isWatching = false

  constructor(
    private readonly budgets: WorkBudgets,
    private readonly limits = new SharedLimits(),
  ) {
    this.names = limits.names.ofKind('line of costly reads')
  }

  /** Throws WORK_LIMIT when the agent's line is full, and ABORTED when the caller has left the line. */
  async run<T>({ agentId }: Pick<Access, 'agentId'>, exchange: Exchange, read: () => Promise<T>): Promise<T> {
    const release = this.takenAtOnce(agentId) ?? (await this.inLine(agentId, exchange))
    try {
      return await read()
    } finally {
      this.handOver(agentId, release)
    }
  }

  private takenAtOnce(agentId: string): Release | undefined {
    if (this.lines.has(agentId) || this.othersWaitSince(agentId) !== Number.POSITIVE_INFINITY) return undefined
    return this.budgets.taken(agentId, 'costlyReads')
  }

  private inLine(agentId: string, exchange: Exchange): Promise<Release> {
    const line = this.lines.get(agentId) ?? []
    const most = this.budgets.limits.costlyReads * LINE_FOR_EACH
    if (line.length >= most) {
      const detail = `One agent has at most ${most} reads in line behind those of its that look at many events`
      throw new StoreError('WORK_LIMIT', detail, { retryAfterSeconds: 1 })
    }
    this.lines.set(agentId, line)
    return new Promise((resume, reject) => {
      const waiting: Waiting = { since: Math.floor(this.limits.now() * US_PER_MS) + 1, resume }
      line.push(waiting)
      this.tellOf(agentId, line)
      exchange.whenGone(() => {
        if (this.leave(agentId, waiting)) reject(new StoreError('ABORTED', 'The caller is gone.'))
      })
      if (this.limits.signal !== undefined && !this.isWatching) void this.watch(this.limits.signal)
    })
  }

  /** Returns whether it was still in line. */
  private leave(agentId: string, waiting: Waiting): boolean {
    const line = this.lines.get(agentId)
    const at = line?.indexOf(waiting) ?? -1
    if (line === undefined || at < 0) return false
    line.splice(at, 1)
    this.tellOf(agentId, line)
    this.limits.signal?.wake()
    return true
  }

  /** The budget passes to the next in line without being released, so that no new read can take it in between. */
  private handOver(agentId: string, release: Release): void {
    const line = this.lines.get(agentId)
    const next = this.isNext(agentId) ? line?.shift() : undefined
    if (line !== undefined) this.tellOf(agentId, line)
    if (next === undefined) release()
    else next.resume(release)
    this.limits.signal?.wake()
  }

  /** While somebody waits in this thread, looks for what another thread has given back or left to the next. */
  private async watch(signal: SharedSignal): Promise<void> {
    this.isWatching = true
    while (this.lines.size > 0) {
      const { seen } = signal
      for (const agentId of this.lines.keys()) {
        while (this.isNext(agentId)) {
          const release = this.budgets.taken(agentId, 'costlyReads')
          if (release === undefined) break
          this.handOver(agentId, release)
        }
      }
      await signal.next(seen)
    }
    this.isWatching = false
  }

  /** Whether the first of the line here has waited for longer than those of all other threads. */
  private isNext(agentId: string): boolean {
    const [first] = this.lines.get(agentId) ?? []
    return first !== undefined && first.since <= this.othersWaitSince(agentId)
  }

  private othersWaitSince(agentId: string): number {
    return this.limits.shares?.leastOfOthers(this.names.of(agentId)) ?? Number.POSITIVE_INFINITY
  }

  private tellOf(agentId: string, line: readonly Waiting[]): void {
    const [first] = line
    if (first === undefined) this.lines.delete(agentId)
    this.limits.shares?.tell(this.names.of(agentId), first?.since ?? 0)
  }
}
