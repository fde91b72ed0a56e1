// Limits how many costly reads one agent runs at a time; a bounded number of further ones waits in line.
import { StoreError } from '../contract/errors.js'
import type { Access } from './access.js'
import type { WorkBudgets } from './work-budgets.js'

/** This many may wait for each read under way, so that a burst of an honest agent is delayed and not refused. */
const LINE_FOR_EACH = 8

type Release = () => void

interface Waiting {
  readonly resume: (release: Release) => void
}

/** The exchange with the caller that waits for the read. */
interface Exchange {
  /** Calls `leave` when the caller is gone; at once if that is so already. */
  whenGone(leave: () => void): void
}

export class CostlyReads {
  /** An agent has a line only while it has as many reads under way as it may. */
  private readonly lines = new Map<string, Waiting[]>()

  constructor(private readonly budgets: WorkBudgets) {}

  /** Throws WORK_LIMIT when the agent's line is full, and ABORTED when the caller has left the line. */
  async run<T>({ agentId }: Pick<Access, 'agentId'>, exchange: Exchange, read: () => Promise<T>): Promise<T> {
    const release = this.taken(agentId) ?? (await this.inLine(agentId, exchange))
    try {
      return await read()
    } finally {
      this.handOver(agentId, release)
    }
  }

  private taken(agentId: string): Release | undefined {
    const { budgets } = this
    const isFull = budgets.heldBy(agentId, 'costlyReads') >= budgets.limits.costlyReads
    return isFull ? undefined : budgets.take(agentId, 'costlyReads')
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
      const waiting: Waiting = { resume }
      line.push(waiting)
      exchange.whenGone(() => {
        if (this.leave(agentId, waiting)) reject(new StoreError('ABORTED', 'The caller is gone.'))
      })
    })
  }

  /** Returns whether it was still in line. */
  private leave(agentId: string, waiting: Waiting): boolean {
    const line = this.lines.get(agentId)
    const at = line?.indexOf(waiting) ?? -1
    if (line === undefined || at < 0) return false
    line.splice(at, 1)
    if (line.length === 0) this.lines.delete(agentId)
    return true
  }

  /** The budget passes to the next in line without being released, so that no new read can take it in between. */
  private handOver(agentId: string, release: Release): void {
    const line = this.lines.get(agentId)
    const next = line?.shift()
    if (line?.length === 0) this.lines.delete(agentId)
    if (next === undefined) release()
    else next.resume(release)
  }
}
