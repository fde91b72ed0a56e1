// What the connections of one agent share: its budgets, its turns, and how much it may have the store append at a time.
import type { WorkBudgets } from '../auth/work-budgets.js'
import type { Work } from '../contract/work-limits.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { FrameRound, FrameTurns, TurnLine } from './frame-turns.js'

/** A connection that may have been kept from reading. */
export interface Reading {
  considerReading(): void
}

export class AgentSockets {
  private readonly connections = new Set<Reading>()
  private appendBytes = 0

  constructor(
    private readonly agentId: string,
    private readonly budgets: WorkBudgets,
    readonly turns: TurnLine,
    private readonly onEmpty: () => void,
  ) {}

  /** As WorkBudgets.take. */
  take(work: Work, amount?: number): () => void {
    return this.budgets.take(this.agentId, work, amount)
  }

  join(connection: Reading): void {
    this.connections.add(connection)
  }

  leave(connection: Reading): void {
    this.connections.delete(connection)
    this.considerEnding()
  }

  get mayAppendMore(): boolean {
    return this.appendBytes < FRAME_LIMITS.agentAppendBytesInFlight
  }

  begun(bytes: number): void {
    this.appendBytes += bytes
  }

  settled(bytes: number): void {
    const hadRoom = this.mayAppendMore
    this.appendBytes -= bytes
    this.considerEnding()
    if (hadRoom || !this.mayAppendMore) return
    for (const connection of this.connections) connection.considerReading()
  }

  /** What its closed connections have left in hand counts for those it opens anew. */
  private considerEnding(): void {
    if (this.connections.size === 0 && this.appendBytes === 0) this.onEmpty()
  }
}

/** Of all agents that have a connection. */
export class Agents {
  readonly round = new FrameRound()
  private readonly turns = new FrameTurns()
  /** Of all whose token is not known yet. */
  readonly strangers = new TurnLine(this.turns)
  private readonly byId = new Map<string, AgentSockets>()

  constructor(private readonly budgets: WorkBudgets) {}

  of(agentId: string): AgentSockets {
    const known = this.byId.get(agentId)
    if (known !== undefined) return known
    const made = new AgentSockets(agentId, this.budgets, new TurnLine(this.turns), () => this.byId.delete(agentId))
    this.byId.set(agentId, made)
    return made
  }
}

/** The budget of bytes that have come and are not handled, as far as one connection draws upon it: in steps, so that it costs small frames nothing. */
export class BufferedBytes {
  private readonly steps: (() => void)[] = []

  constructor(private readonly agent: AgentSockets) {}

  /** So many now. Throws WORK_LIMIT when they are more than the agent has left. */
  hold(bytes: number): void {
    const { steps } = this
    if (bytes <= FRAME_LIMITS.freeBytes && steps.length === 0) return
    const wanted = Math.max(0, Math.ceil((bytes - FRAME_LIMITS.freeBytes) / FRAME_LIMITS.stepBytes))
    while (steps.length > wanted) steps.pop()?.()
    while (steps.length < wanted) steps.push(this.agent.take('bufferedBytes', FRAME_LIMITS.stepBytes))
  }
}
