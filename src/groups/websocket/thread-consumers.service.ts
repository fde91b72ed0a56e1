// Serves the consumers on the sockets of front threads at the writer, as if their sockets were its own.
import { Injectable } from '@nestjs/common'
import { TokenVerifier } from '../../auth/token-verifier.js'
import { packError } from '../../threads/packed-error.js'
import type { ThreadCalls } from '../../threads/thread-calls.js'
import type { GroupClient, TokensSettled } from './consumed-groups.js'
import { CONSUME, CONSUMER_ENDED, CONSUMER_FAILED, DELIVER, SETTLE, TOKENS_SETTLED } from './consumer-messages.js'
import { LocalGroups } from './local-groups.service.js'

interface RunningConsumer {
  readonly ending: AbortController
  tokensSettled: TokensSettled | undefined
}

@Injectable()
export class ThreadConsumers {
  /** By their tokens. */
  private readonly verifying = new Map<string, Promise<GroupClient>>()

  constructor(
    private readonly groups: LocalGroups,
    private readonly verifier: TokenVerifier,
  ) {}

  /** Serves the front thread at the other end until it is gone; its consumers end with it. */
  serve(calls: ThreadCalls): void {
    const running = new Map<number, RunningConsumer>()
    calls.answer(CONSUME, async ({ consumer, token, frame, form }) => {
      const held: RunningConsumer = { ending: new AbortController(), tokensSettled: undefined }
      running.set(consumer, held)
      held.tokensSettled = await this.groups.consume(frame, await this.clientOf(token), {
        form,
        signal: held.ending.signal,
        onFrames: frames => calls.ask(DELIVER, { consumer, frames: Array.from(frames, crossing) }),
        onEnd: error => calls.tell(CONSUMER_FAILED, { consumer, error: packError(error) }),
      })
    })
    calls.answer(SETTLE, async ({ token, frame }) => this.groups.settle(frame, await this.clientOf(token)))
    calls.hear(TOKENS_SETTLED, ({ consumer, tokens }) => running.get(consumer)?.tokensSettled?.(tokens))
    calls.hear(CONSUMER_ENDED, ({ consumer }) => {
      running.get(consumer)?.ending.abort()
      running.delete(consumer)
    })
    calls.onGone(() => {
      for (const { ending } of running.values()) ending.abort()
      running.clear()
    })
  }

  /**
   * Rejects with UNAUTHENTICATED. A token that is being verified is not verified a second time meanwhile, so that what is
   * asked with it goes on in the order in which it came.
   */
  private clientOf(token: string): Promise<GroupClient> {
    const known = this.verifying.get(token)
    if (known !== undefined) return known
    const verifying = this.verified(token).finally(() => this.verifying.delete(token))
    this.verifying.set(token, verifying)
    return verifying
  }

  private async verified(token: string): Promise<GroupClient> {
    const { access } = await this.verifier.stillGood(token)
    const assertTokenGood = async () => {
      await this.verifier.stillGood(token)
    }
    return { access, token, assertTokenGood }
  }
}

/** A copy of its own, because a buffer may be a part of a larger one, all of which would cross. */
function crossing(frame: string | Buffer): string | Uint8Array {
  return typeof frame === 'string' ? frame : Uint8Array.from(frame)
}
