// The types of what a consumer group delivers, and how a delivery is settled.
import type { CallOptions } from './call.js'
import type { AnyEvent, EventShape, RecordedEvent } from './event.js'

/** An event that only this consumer may settle, until the deadline. */
export interface Delivery<S extends EventShape = AnyEvent> {
  /** Settles this delivery only: a later delivery of the same event has another token. */
  readonly token: string
  /** The number of this attempt, from 1. */
  readonly attempt: number
  readonly deadline: string
  readonly event: RecordedEvent<S>
}

export interface TakeOptions extends CallOptions {
  /** At most this many deliveries are returned, up to 1,000; default 10. */
  readonly max?: number | undefined
  /** Seconds to wait for the first delivery, up to 50; default 30. */
  readonly waitSeconds?: number | undefined
}

/** `retry`: deliver it again. `park`: keep it aside until somebody decides. `skip`: it need not be done. */
export type Nack =
  | { readonly action: 'retry'; readonly delaySeconds?: number | undefined; readonly reason?: string | undefined }
  | { readonly action: 'park' | 'skip'; readonly reason?: string | undefined }

/** Delivers events and has them settled; implemented by `Group`. */
export interface DeliverySource<S extends EventShape = AnyEvent> {
  take(options?: TakeOptions): Promise<readonly Delivery<S>[]>
  ack(tokens: readonly string[], options?: CallOptions): Promise<void>
  nack(tokens: readonly string[], nack: Nack, options?: CallOptions): Promise<void>
}
