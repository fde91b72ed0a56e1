// Answers that go on: each counted for its agent as long as it does, and ended within a second of its token.
import type { FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import { Turn } from '../contract/turns.js'
import type { Work } from '../contract/work-limits.js'
import { bearerOf } from './authentication.js'
import './caller.decorator.js'
import type { TokenVerifier } from './token-verifier.js'
import type { WorkBudgets } from './work-budgets.js'

const LOOK_MS = 1_000

export type Asking = Pick<FastifyRequest, 'headers' | 'access'>

interface Watched {
  readonly request: Asking
  /** Called once, with why the token is good no more. */
  readonly onOver: (error: StoreError) => void
}

export class LongAnswers {
  private readonly watched = new Set<Watched>()
  private timer: NodeJS.Timeout | undefined
  private isLooking = false

  constructor(
    private readonly budgets: WorkBudgets,
    private readonly verifier: TokenVerifier,
  ) {}

  /** Throws WORK_LIMIT when the agent has too many of one of these. What comes back ends it, once or more often. */
  begin(request: Asking, works: readonly Work[], onOver: (error: StoreError) => void): () => void {
    const release = this.budgets.takeAll(request.access?.agentId ?? '', works)
    const watched: Watched = { request, onOver }
    this.watched.add(watched)
    this.timer ??= setInterval(() => void this.look(), LOOK_MS).unref()
    return () => {
      release()
      this.forget(watched)
    }
  }

  /** Throws UNAUTHENTICATED when the token has ended or has been revoked since the request came. */
  async mustBeGood({ headers }: Asking): Promise<void> {
    try {
      await this.verifier.verify(bearerOf(headers.authorization))
    } catch (error) {
      throw new StoreError('UNAUTHENTICATED', (error as Error).message)
    }
  }

  /** Once a second. */
  async look(): Promise<void> {
    if (this.isLooking) return
    this.isLooking = true
    const turn = new Turn()
    for (const watched of this.watched) {
      await this.lookAt(watched)
      if (turn.isOver) await turn.next()
    }
    this.isLooking = false
  }

  private async lookAt(watched: Watched): Promise<void> {
    try {
      await this.mustBeGood(watched.request)
    } catch (error) {
      // It may have ended while its token was being looked at.
      if (!this.watched.has(watched)) return
      this.forget(watched)
      watched.onOver(error as StoreError)
    }
  }

  private forget(watched: Watched): void {
    this.watched.delete(watched)
    if (this.watched.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}
