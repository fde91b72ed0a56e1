// Reads that look at many events before they answer: a few of one agent at a time, the next ones in line, and no endless line.
import { StoreError } from '../contract/errors.js'
import type { Access } from './access.js'
import type { WorkBudgets } from './work-budgets.js'

/** So many wait for each that is under way: a burst of an honest agent is served, later, and not refused. */
const LINE_FOR_EACH = 8

type Release = () => void

export class CostlyReads {
  /** Of agents that have as many under way as they may. */
  private readonly lines = new Map<string, ((release: Release) => void)[]>()

  constructor(private readonly budgets: WorkBudgets) {}

  /** Throws WORK_LIMIT when the line is full too. */
  async run<T>({ agentId }: Pick<Access, 'agentId'>, read: () => Promise<T>): Promise<T> {
    const release = this.taken(agentId) ?? (await this.inLine(agentId))
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

  private inLine(agentId: string): Promise<Release> {
    const line = this.lines.get(agentId) ?? []
    const most = this.budgets.limits.costlyReads * LINE_FOR_EACH
    if (line.length >= most) {
      const detail = `One agent has at most ${most} reads in line behind those of its that look at many events`
      throw new StoreError('WORK_LIMIT', detail, { retryAfterSeconds: 1 })
    }
    this.lines.set(agentId, line)
    return new Promise(resume => line.push(resume))
  }

  /** To the next in line without letting go: nobody comes in between. */
  private handOver(agentId: string, release: Release): void {
    const line = this.lines.get(agentId)
    const next = line?.shift()
    if (line?.length === 0) this.lines.delete(agentId)
    if (next === undefined) release()
    else next(release)
  }
}
