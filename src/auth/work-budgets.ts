// Limits what one agent may hold open or have the server keep at a time, over all its connections and tokens.
import { StoreError } from '../contract/errors.js'
import { DEFAULT_WORK_LIMITS, HELD_WORK, type Work, type WorkLimits } from '../contract/work-limits.js'

export class WorkBudgets {
  /** Agents that hold nothing have no entry, so that memory is bounded by what is held. */
  private readonly held: Readonly<Record<Work, Map<string, number>>>
  private readonly elsewhere = new Map<Work, (agentId: string) => Promise<number>>()

  constructor(readonly limits: WorkLimits = DEFAULT_WORK_LIMITS) {
    const kinds = Object.keys(limits).map(work => [work, new Map<string, number>()] as const)
    this.held = Object.fromEntries(kinds) as Record<Work, Map<string, number>>
  }

  /** Throws WORK_LIMIT, and then holds nothing. The returned function gives the amount back, once. */
  take(agentId: string, work: Work, amount = 1): () => void {
    const before = this.heldBy(agentId, work)
    this.mustFit(work, before + amount)
    this.held[work].set(agentId, before + amount)
    let taken = amount
    return () => {
      const left = this.heldBy(agentId, work) - taken
      taken = 0
      if (left > 0) this.held[work].set(agentId, left)
      else this.held[work].delete(agentId)
    }
  }

  /** For work that is counted elsewhere. Throws WORK_LIMIT when one agent may not have this much. */
  mustFit(work: Work, amount: number): void {
    if (amount <= this.limits[work]) return
    const most = this.limits[work].toLocaleString('en-US')
    throw new StoreError('WORK_LIMIT', `One agent has at most ${most} ${HELD_WORK[work]} at a time`, {
      retryAfterSeconds: 1,
    })
  }

  /** Takes one of each, or nothing when one does not fit. Throws WORK_LIMIT. */
  takeAll(agentId: string, works: readonly Work[]): () => void {
    const taken: (() => void)[] = []
    const release = () => {
      for (const giveBack of taken.splice(0)) giveBack()
    }
    try {
      for (const work of works) taken.push(this.take(agentId, work))
    } catch (error) {
      release()
      throw error
    }
    return release
  }

  /** For work that is counted elsewhere: says who counts it. */
  countedElsewhere(work: Work, count: (agentId: string) => Promise<number>): void {
    this.elsewhere.set(work, count)
  }

  /** As `heldBy`, of all work, that which is counted elsewhere too. */
  async countOf(agentId: string, work: Work): Promise<number> {
    return (await this.elsewhere.get(work)?.(agentId)) ?? this.heldBy(agentId, work)
  }

  heldBy(agentId: string, work: Work): number {
    return this.held[work].get(agentId) ?? 0
  }
}
