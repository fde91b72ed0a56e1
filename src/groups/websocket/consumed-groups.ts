// What the frames of sockets ask of consumer groups: those of this thread, or from a front thread those of the writer.
import type { FrameSession } from '../../streaming/frame-handlers.service.js'
import type { FrameForm } from '../../wire/event-frames.js'
import type { AckFrame, ConsumeFrame, NackFrame } from './consuming.dto.js'

/** Who asks: the holder of a token that was good when its connection was opened. */
export type GroupClient = Pick<FrameSession, 'access' | 'token' | 'assertTokenGood'>

/** A consumer as its socket sees it. */
export interface SocketConsumer {
  readonly form: FrameForm
  /** Aborts when it ends on the side of the socket, and does so sooner or later for every consumer. */
  readonly signal: AbortSignal
  /** The `delivery` frames of one take. Resolves when the socket has taken them, and none is given before that. */
  readonly onFrames: (frames: Iterable<string | Buffer>) => Promise<void>
  /** Called once with the error that ended it on the side of the group. */
  readonly onEnd: (error: unknown) => void
}

/** For tokens that were settled, so that they no longer take up the room of the consumer. */
export type TokensSettled = (tokens: readonly string[]) => void

export abstract class ConsumedGroups {
  /** Resolves when the rights are checked. Frames may be given before that. */
  abstract consume(frame: ConsumeFrame, client: GroupClient, consumer: SocketConsumer): Promise<TokensSettled>

  /** Resolves with how many deliveries were settled, when that is durable. */
  abstract settle(frame: AckFrame | NackFrame, client: GroupClient): Promise<number>
}
