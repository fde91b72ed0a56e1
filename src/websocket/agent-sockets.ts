// What the connections of one agent share: its work budgets, its turns, and the limit on its appends in flight.
import type { WorkBudgets } from '../auth/work-budgets.js'
import type { Work } from '../contract/work-limits.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import { FrameRound, FrameTurns, TurnLine } from './frame-turns.js'

/** A connection whose reading may have been paused by a limit. */
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

  /** Like `WorkBudgets.take`, for this agent. */
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

  /** Kept while appends of closed connections are in flight, so that reconnecting does not escape the limit. */
  private considerEnding(): void {
    if (this.connections.size === 0 && this.appendBytes === 0) this.onEmpty()
  }
}

/** Finds what the connections of an agent share, for all agents that have a connection or an append in flight. */
export class Agents {
  readonly round = new FrameRound()
  private readonly turns = new FrameTurns()
  /** Shared by all sockets whose token is not known yet, so that together they get no more time than one agent. */
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

/** What one connection takes of its agent's budget of unhandled bytes; in steps, so that small frames cost nothing. */
export class BufferedBytes {
  private readonly steps: (() => void)[] = []

  constructor(private readonly agent: AgentSockets) {}

  /** Sets how many bytes are unhandled now. Throws WORK_LIMIT when the agent's budget has no room for them. */
  hold(bytes: number): void {
    const { steps } = this
    if (bytes <= FRAME_LIMITS.freeBytes && steps.length === 0) return
    const wanted = Math.max(0, Math.ceil((bytes - FRAME_LIMITS.freeBytes) / FRAME_LIMITS.stepBytes))
    while (steps.length > wanted) steps.pop()?.()
    while (steps.length < wanted) steps.push(this.agent.take('bufferedBytes', FRAME_LIMITS.stepBytes))
  }
}
