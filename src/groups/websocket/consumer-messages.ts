// What a front thread and the writer ask and tell each other of the consumers on the sockets of the front thread.
import type { PackedError } from '../../threads/packed-error.js'
import { ThreadNotice, ThreadQuestion } from '../../threads/thread-calls.js'
import type { FrameForm } from '../../wire/event-frames.js'
import type { AckFrame, ConsumeFrame, NackFrame } from './consuming.dto.js'

/** Consumers have numbers, which the front thread gives and uses once. */
type OfConsumer<More> = { readonly consumer: number } & More

/** Asked of the writer; answered when the consumer has begun. */
export const CONSUME = new ThreadQuestion<
  OfConsumer<{ readonly token: string; readonly frame: ConsumeFrame; readonly form: FrameForm }>,
  void
>('groups.consume')

/** Asked of the writer; answered with how many deliveries were settled. */
export const SETTLE = new ThreadQuestion<{ readonly token: string; readonly frame: AckFrame | NackFrame }, number>(
  'groups.settle',
)

/** Told to the writer: what was settled no longer takes up the room of the consumer. */
export const TOKENS_SETTLED = new ThreadNotice<OfConsumer<{ readonly tokens: readonly string[] }>>(
  'groups.tokensSettled',
)

/** Told to the writer, of each consumer once, whatever became of it. */
export const CONSUMER_ENDED = new ThreadNotice<OfConsumer<unknown>>('groups.consumerEnded')

/** Asked of the front thread: the frames of one take; answered when the socket has taken them. */
export const DELIVER = new ThreadQuestion<OfConsumer<{ readonly frames: readonly (string | Uint8Array)[] }>, void>(
  'groups.deliver',
)

/** Told to the front thread: the consumer has ended on the side of the group. */
export const CONSUMER_FAILED = new ThreadNotice<OfConsumer<{ readonly error: PackedError }>>('groups.consumerFailed')
