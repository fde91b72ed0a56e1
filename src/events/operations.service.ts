// Remembers the outcome of appends whose callers did not wait, in memory, for a limited time and within bounds.
import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { WorkBudgets } from '../auth/work-budgets.js'
import { StoreError } from '../contract/errors.js'

/** An ended operation is kept for `keptMs`; beyond the other bounds the oldest are dropped earlier. */
export const OPERATIONS = Object.freeze({
  pendingMax: 1_000,
  keptMax: 10_000,
  /** Bounds the events in kept answers, because the answer to a batch is as long as the batch. */
  keptEventsMax: 200_000,
  keptMs: 15 * 60_000,
})

export interface OperationOutcome {
  readonly operationId: string
  readonly status: 'pending' | 'stored' | 'failed'
  readonly result?: object
  readonly problem?: object
}

interface Operation {
  readonly agentId: string
  readonly events: number
  /** Gives back what the pending operation holds of its agent's budget. */
  readonly release: () => void
  outcome: OperationOutcome
  /** On the monotonic clock; undefined while the operation is pending. */
  endedAt: number | undefined
}

export interface Undertaking {
  readonly agentId: string
  readonly events: number
  readonly work: () => Promise<object>
  readonly problemOf: (error: unknown) => object
}

@Injectable()
export class Operations {
  /** In the order in which they ended, so `expire` may stop at the first one that is kept. */
  private readonly ended = new Map<string, Operation>()
  private readonly pending = new Map<string, Operation>()
  private keptEvents = 0

  constructor(private readonly budgets: WorkBudgets) {}

  /**
   * Starts the work. Waits one turn of the event loop, so that what is refused at once is thrown to the caller. Throws
   * WORK_LIMIT when the agent has as many pending as it may.
   */
  async start({ agentId, events, work, problemOf }: Undertaking): Promise<string> {
    if (this.pending.size >= OPERATIONS.pendingMax) {
      throw new StoreError('OVERLOADED', `${OPERATIONS.pendingMax} asynchronous appends are waiting already.`, {
        retryAfterSeconds: 1,
      })
    }
    const release = this.budgets.take(agentId, 'asyncAppends')
    const operationId = randomUUID()
    const operation: Operation = {
      agentId,
      events,
      release,
      outcome: { operationId, status: 'pending' },
      endedAt: undefined,
    }
    let refused: { readonly error: unknown } | undefined
    this.pending.set(operationId, operation)
    const ending = begun(work).then(
      result => this.end(operation, { operationId, status: 'stored', result }),
      (error: unknown) => {
        refused = { error }
        this.end(operation, { operationId, status: 'failed', problem: problemOf(error) })
      },
    )
    await Promise.race([ending, new Promise(setImmediate)])
    if (refused === undefined) return operationId
    this.forget(operationId)
    throw refused.error
  }

  /** Undefined when the operation does not exist, was dropped, or belongs to another agent. */
  find(operationId: string, agentId: string): OperationOutcome | undefined {
    this.expire()
    const operation = this.pending.get(operationId) ?? this.ended.get(operationId)
    return operation?.agentId === agentId ? operation.outcome : undefined
  }

  private end(operation: Operation, outcome: OperationOutcome): void {
    const { operationId } = outcome
    operation.release()
    this.pending.delete(operationId)
    operation.outcome = outcome
    operation.endedAt = performance.now()
    this.ended.set(operationId, operation)
    this.keptEvents += operation.events
    this.expire()
  }

  private expire(): void {
    const oldest = performance.now() - OPERATIONS.keptMs
    for (const [operationId, { endedAt = 0 }] of this.ended) {
      const within = this.ended.size <= OPERATIONS.keptMax && this.keptEvents <= OPERATIONS.keptEventsMax
      if (within && endedAt >= oldest) return
      this.forget(operationId)
    }
  }

  private forget(operationId: string): void {
    const operation = this.ended.get(operationId)
    if (operation === undefined) return
    this.ended.delete(operationId)
    this.keptEvents -= operation.events
  }
}

/** What the work throws at once is a rejection like any other, so that every operation ends in one way. */
async function begun(work: () => Promise<object>): Promise<object> {
  return work()
}
