// The groups of the writer, for the frames of sockets of a front thread: what is asked of a group crosses as it was read.
import { Injectable } from '@nestjs/common'
import { StoreError } from '../../contract/errors.js'
import { unpackError } from '../../threads/packed-error.js'
import { ThisThread } from '../../threads/this-thread.js'
import type { ThreadCalls } from '../../threads/thread-calls.js'
import { ConsumedGroups, type GroupClient, type SocketConsumer, type TokensSettled } from './consumed-groups.js'
import { CONSUME, CONSUMER_ENDED, CONSUMER_FAILED, DELIVER, SETTLE, TOKENS_SETTLED } from './consumer-messages.js'
import type { AckFrame, ConsumeFrame, NackFrame } from './consuming.dto.js'

interface HeldConsumer extends SocketConsumer {
  hasBegun: boolean
}

@Injectable()
export class WriterGroups extends ConsumedGroups {
  private readonly writer: ThreadCalls
  private readonly consumers = new Map<number, HeldConsumer>()
  private given = 0

  constructor({ writer }: ThisThread) {
    super()
    if (writer === undefined) throw new Error('only a front thread has a writer to ask')
    this.writer = writer
    writer.answer(DELIVER, async ({ consumer, frames }) => {
      await this.consumers.get(consumer)?.onFrames(frames.map(written))
    })
    writer.hear(CONSUMER_FAILED, ({ consumer, error }) => this.consumers.get(consumer)?.onEnd(unpackError(error)))
    writer.onGone(() => {
      const lost = new StoreError('STORAGE_UNAVAILABLE', 'the writer is gone')
      // What has not begun is refused by its question.
      for (const { hasBegun, onEnd } of this.consumers.values()) if (hasBegun) onEnd(lost)
    })
  }

  async consume(frame: ConsumeFrame, { token }: GroupClient, socket: SocketConsumer): Promise<TokensSettled> {
    const { writer } = this
    const { form, signal } = socket
    const consumer = ++this.given
    const held = { ...socket, hasBegun: false }
    this.consumers.set(consumer, held)
    // Told at once, also before the consumer has begun, so that it is not given what nobody would settle.
    signal.addEventListener('abort', () => {
      this.consumers.delete(consumer)
      writer.tell(CONSUMER_ENDED, { consumer })
    })
    await writer.ask(CONSUME, { consumer, token, frame, form })
    held.hasBegun = true
    return tokens => writer.tell(TOKENS_SETTLED, { consumer, tokens })
  }

  settle(frame: AckFrame | NackFrame, { token }: GroupClient): Promise<number> {
    return this.writer.ask(SETTLE, { token, frame })
  }
}

function written(frame: string | Uint8Array): string | Buffer {
  return typeof frame === 'string' ? frame : Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
}
