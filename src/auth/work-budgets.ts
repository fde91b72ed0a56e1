// Limits what one agent may hold open or have the server keep at a time, over all its connections and tokens.
import { StoreError } from '../contract/errors.js'
import { DEFAULT_WORK_LIMITS, HELD_WORK, type Work, type WorkLimits } from '../contract/work-limits.js'
import { HeldCounts } from '../threads/held-counts.js'
import { SharedLimits } from '../threads/shared-limits.js'

export class WorkBudgets {
  private readonly held: Readonly<Record<Work, HeldCounts>>
  private readonly elsewhere = new Map<Work, (agentId: string) => Promise<number>>()

  constructor(
    readonly limits: WorkLimits = DEFAULT_WORK_LIMITS,
    shared = new SharedLimits(),
  ) {
    const kinds = Object.keys(limits).map(work => [work, new HeldCounts(shared, `work: ${work}`)] as const)
    this.held = Object.fromEntries(kinds) as Record<Work, HeldCounts>
  }

  /** Throws WORK_LIMIT, and then holds nothing. The returned function gives the amount back, once. */
  take(agentId: string, work: Work, amount = 1): () => void {
    const release = this.taken(agentId, work, amount)
    if (release === undefined) throw this.tooMuch(work)
    return release
  }

  /** Like `take`, and undefined where that throws. */
  taken(agentId: string, work: Work, amount = 1): (() => void) | undefined {
    const counts = this.held[work]
    if (!counts.take(agentId, amount, this.limits[work])) return undefined
    let held = amount
    return () => {
      counts.giveBack(agentId, held)
      held = 0
    }
  }

  /** For work that is counted elsewhere. Throws WORK_LIMIT when one agent may not have this much. */
  mustFit(work: Work, amount: number): void {
    if (amount > this.limits[work]) throw this.tooMuch(work)
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
    return this.held[work].heldBy(agentId)
  }

  private tooMuch(work: Work): StoreError {
    const most = this.limits[work].toLocaleString('en-US')
    return new StoreError('WORK_LIMIT', `One agent has at most ${most} ${HELD_WORK[work]} at a time`, {
      retryAfterSeconds: 1,
    })
  }
}
