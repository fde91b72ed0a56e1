// The loop of a consumer: it takes as many events as handlers are free, calls the handler, and settles each delivery.

import type { Delivery, DeliverySource, Nack } from './delivery.js'
import { LighthouseError } from './errors.js'
import type { AnyEvent, EventShape, RecordedEvent } from './event.js'
import { pause, type Retry } from './retry.js'
import { Settling } from './settling.js'

/** A delivery is acknowledged when the promise resolves, and returned when it rejects. */
export type Handler<S extends EventShape = AnyEvent> = (
  event: RecordedEvent<S>,
  delivery: Delivery<S>,
) => void | Promise<void>

export interface ConsumeOptions<S extends EventShape = AnyEvent> {
  /** At most this many handlers run at once, up to 1,000; default 1. */
  readonly concurrency?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Chooses what happens to a failed delivery. Default: retry after 1 s, 2 s, 4 s … up to a minute. */
  readonly onFailure?: ((error: unknown, delivery: Delivery<S>) => Nack) | undefined
  /** Settling failed: the deadline had passed and another consumer has the event, or the server stayed unreachable. */
  readonly onUnsettled?: ((error: unknown, delivery: Delivery<S>) => void) | undefined
  /** Taking failed. It is tried again for as long as the loop runs. */
  readonly onInterrupted?: ((error: LighthouseError) => void) | undefined
}

const LONGEST_DELAY_SECONDS = 60

export class Consumer<S extends EventShape> {
  private readonly concurrency: number
  private readonly settling: Settling<S>
  private readonly stopping = new AbortController()
  private running = 0
  private failures = 0
  private error: { readonly of: unknown } | undefined
  /** Resolves the promise of `change`, when a handler is free again or the loop should end. */
  private wake: () => void = () => undefined

  constructor(
    private readonly group: DeliverySource<S>,
    private readonly retry: Retry,
    private readonly handler: Handler<S>,
    private readonly options: ConsumeOptions<S>,
  ) {
    const { concurrency = 1 } = options
    if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > 1_000) {
      throw new TypeError('concurrency must be a whole number from 1 to 1,000')
    }
    this.concurrency = concurrency
    this.settling = new Settling(group)
  }

  async run(): Promise<void> {
    const { signal } = this.options
    if (signal?.aborted) return
    signal?.addEventListener('abort', this.stop, { once: true })
    try {
      while (!this.stopping.signal.aborted) {
        if (this.running < this.concurrency) for (const delivery of await this.take()) void this.begin(delivery)
        else await this.change()
      }
    } catch (error) {
      this.error ??= { of: error }
    }
    while (this.running > 0) await this.change()
    signal?.removeEventListener('abort', this.stop)
    if (this.error !== undefined) throw this.error.of
  }

  private readonly stop = (): void => {
    this.stopping.abort()
    this.wake()
  }

  private change(): Promise<void> {
    return new Promise(resolve => {
      this.wake = resolve
    })
  }

  /** Returns nothing when the loop should end, or when taking failed and is to be tried again. */
  private async take(): Promise<readonly Delivery<S>[]> {
    const { signal } = this.stopping
    try {
      const deliveries = await this.group.take({ max: this.concurrency - this.running, signal })
      this.failures = 0
      return deliveries
    } catch (error) {
      if (signal.aborted) return []
      if (!(error instanceof LighthouseError && error.retryable)) throw error
      this.options.onInterrupted?.(error)
      await pause(this.retry.delay(++this.failures), signal).catch(() => undefined)
      return []
    }
  }

  /** A callback that throws ends the loop, which then rejects with what was thrown. */
  private async begin(delivery: Delivery<S>): Promise<void> {
    this.running++
    try {
      await this.handle(delivery)
    } catch (error) {
      this.error ??= { of: error }
      this.stop()
    }
    this.running--
    this.wake()
  }

  private async handle(delivery: Delivery<S>): Promise<void> {
    const { onUnsettled } = this.options
    const failure = await this.failureOf(delivery)
    const settled = failure === undefined ? this.settling.ack(delivery) : this.settling.nack(delivery, failure)
    await settled.catch(error => onUnsettled?.(error, delivery))
  }

  private async failureOf(delivery: Delivery<S>): Promise<Nack | undefined> {
    const { onFailure = retryLater } = this.options
    try {
      await this.handler(delivery.event, delivery)
      return undefined
    } catch (error) {
      return onFailure(error, delivery)
    }
  }
}

function retryLater(error: unknown, { attempt }: Delivery<never>): Nack {
  const delaySeconds = Math.min(LONGEST_DELAY_SECONDS, 2 ** (attempt - 1))
  return { action: 'retry', delaySeconds, reason: error instanceof Error ? error.message : String(error) }
}
