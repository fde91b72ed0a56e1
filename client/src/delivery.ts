// What a group hands out, and what becomes of it.
import type { CallOptions } from './call.js'
import type { AnyEvent, EventShape, RecordedEvent } from './event.js'

/** An event that is this consumer's until the deadline. */
export interface Delivery<S extends EventShape = AnyEvent> {
  /** Settles this delivery, and no other. */
  readonly token: string
  /** Which attempt this is, from 1. */
  readonly attempt: number
  readonly deadline: string
  readonly event: RecordedEvent<S>
}

export interface TakeOptions extends CallOptions {
  /** The most deliveries there will be, up to 1,000; default 10. */
  readonly max?: number | undefined
  /** How long to wait for the first, up to 50; default 30. */
  readonly waitSeconds?: number | undefined
}

/** `retry`: hand it out again. `park`: put it aside for somebody to look at. `skip`: it need not be done. */
export type Nack =
  | { readonly action: 'retry'; readonly delaySeconds?: number | undefined; readonly reason?: string | undefined }
  | { readonly action: 'park' | 'skip'; readonly reason?: string | undefined }

/** What hands out deliveries and is told what became of them: a group. */
export interface DeliverySource<S extends EventShape = AnyEvent> {
  take(options?: TakeOptions): Promise<readonly Delivery<S>[]>
  ack(tokens: readonly string[], options?: CallOptions): Promise<void>
  nack(tokens: readonly string[], nack: Nack, options?: CallOptions): Promise<void>
}
