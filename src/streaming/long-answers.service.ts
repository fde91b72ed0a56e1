// Answers that go on for long: each counts for its agent, and ends with the server or within a second of its token.
import type { ServerResponse } from 'node:http'
import { Injectable, Logger } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import '../auth/caller.decorator.js'
import { TokenVerifier } from '../auth/token-verifier.js'
import { WorkBudgets } from '../auth/work-budgets.js'
import type { StoreError } from '../contract/errors.js'
import { Turn } from '../contract/turns.js'
import type { Work } from '../contract/work-limits.js'
import { Draining } from './draining.service.js'

const LOOK_MS = 1_000

export type Asking = Pick<FastifyRequest, 'token' | 'access'>

export interface LongAnswer {
  readonly request: Asking
  readonly answer: ServerResponse
}

interface Watched extends LongAnswer {
  /** Called once, with the reason why the token is no longer good. */
  readonly onOver: (error: StoreError) => void
}

@Injectable()
export class LongAnswers {
  private readonly watched = new Set<Watched>()
  private timer: NodeJS.Timeout | undefined
  private isLooking = false
  private readonly logger = new Logger('streaming')

  constructor(
    private readonly budgets: WorkBudgets,
    private readonly verifier: TokenVerifier,
    private readonly draining: Draining,
  ) {}

  /**
   * Throws WORK_LIMIT when the agent has too many of one of these works, and CLOSED when the server ends. The returned
   * function must be called when nothing more is made for the answer, once or more often. `onOver` is called with the
   * reason why the token is no longer good, or with CLOSED when the server ends. The latter may come after the returned
   * function was called, because the server would wait for a caller that has not yet taken everything. An answer whose
   * `onOver` throws is cut off.
   */
  begin({ request, answer }: LongAnswer, works: readonly Work[], onOver: (error: StoreError) => void): () => void {
    this.draining.assertOpen()
    const release = this.budgets.takeAll(request.access?.agentId ?? '', works)
    const watched: Watched = { request, answer, onOver }
    const undrain = this.draining.register(error => this.end(watched, error))
    if (answer.destroyed) undrain()
    else answer.once('close', undrain)
    this.watched.add(watched)
    this.timer ??= setInterval(() => void this.look(), LOOK_MS).unref()
    return () => {
      release()
      this.forget(watched)
    }
  }

  /** Runs once a second; when checking all tokens takes longer, the next run is skipped. */
  async look(): Promise<void> {
    if (this.isLooking) return
    this.isLooking = true
    const turn = new Turn()
    try {
      for (const watched of this.watched) {
        await this.lookAt(watched)
        if (turn.isOver) await turn.next()
      }
    } finally {
      this.isLooking = false
    }
  }

  private async lookAt(watched: Watched): Promise<void> {
    try {
      await this.verifier.stillGood(watched.request.token)
    } catch (error) {
      // The answer may have ended while its token was being verified.
      if (!this.watched.has(watched)) return
      this.forget(watched)
      this.end(watched, error as StoreError)
    }
  }

  /** Never throws, because the answers behind this one must be ended, too. */
  private end({ answer, onOver }: Watched, error: StoreError): void {
    try {
      onOver(error)
    } catch (failure) {
      this.logger.error({ error: failure, message: 'an answer could not be ended in order and was cut off' })
      answer.destroy()
    }
  }

  private forget(watched: Watched): void {
    this.watched.delete(watched)
    if (this.watched.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}
