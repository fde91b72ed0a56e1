// Searches that would hold up the writer: they run beside it, a few at a time, and no agent has two at once.
import { StoreError } from '../../contract/errors.js'
import { nextTurn, Turn } from '../../contract/turns.js'
import type { WaitingAppend } from './admitted.js'
import type { Log } from './engine/log.js'
import { withIndexRepair } from './with-index-repair.js'

export const SEARCH_LIMITS = Object.freeze({
  /** Appends of one agent whose conditions are being searched or wait to be. */
  perAgent: 64,
  /** Few, because each search may keep lists of a whole segment in memory. */
  atOnce: 4,
})

export class CostlySearches {
  private readonly byAgent = new Map<string, WaitingAppend[]>()
  /** Agents whose turn is to come. One whose append is being searched is not among them, so it has one at a time. */
  private readonly turns: string[] = []
  private readonly running = new Set<Promise<void>>()
  private closed = false
  private held = 0

  /** `done` gets back every append that was added. Where a search met a fault, the writer will meet it again. */
  constructor(
    private readonly log: Log,
    private readonly done: (append: WaitingAppend) => void,
  ) {}

  get count(): number {
    return this.held
  }

  /** Throws WORK_LIMIT when the agent has too many, and then nothing is added. */
  add(append: WaitingAppend): void {
    const { agentId } = append.request.author
    const own = this.byAgent.get(agentId) ?? []
    if (own.length >= SEARCH_LIMITS.perAgent) {
      const what = `${SEARCH_LIMITS.perAgent} appends under way whose conditions take long to look into`
      throw new StoreError('WORK_LIMIT', `One agent has at most ${what} at a time`, { retryAfterSeconds: 1 })
    }
    own.push(append)
    this.held++
    if (own.length === 1) {
      this.byAgent.set(agentId, own)
      this.turns.push(agentId)
    }
    this.begin()
  }

  /** Ends every search and hands its append back, searched to the end or not. */
  async close(): Promise<void> {
    this.closed = true
    while (this.running.size > 0) await Promise.all(this.running)
  }

  private begin(): void {
    while (this.turns.length > 0 && this.running.size < SEARCH_LIMITS.atOnce) {
      const agentId = this.turns.shift() as string
      const search = this.searchFor(agentId).finally(() => {
        this.running.delete(search)
        this.begin()
      })
      this.running.add(search)
    }
  }

  private async searchFor(agentId: string): Promise<void> {
    const own = this.byAgent.get(agentId) as WaitingAppend[]
    const append = own[0] as WaitingAppend
    await this.look(append)
    own.shift()
    this.held--
    if (own.length > 0) this.turns.push(agentId)
    else this.byAgent.delete(agentId)
    this.done(append)
  }

  private async look({ search }: WaitingAppend): Promise<void> {
    try {
      await nextTurn()
      const turn = new Turn()
      const isOver = () => search === undefined || this.closed || search.advance(this.log, turn)
      while (!(await withIndexRepair(this.log, isOver))) await turn.next()
    } catch {
      // The writer meets the same fault when it goes on from here, and answers the append.
    }
  }
}
