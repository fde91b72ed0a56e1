// Settles deliveries; acknowledgements that arrive during a request go together in the next one, which saves requests.

import type { Delivery, DeliverySource, Nack } from './delivery.js'
import { LighthouseError } from './errors.js'
import type { EventShape } from './event.js'

/** The server accepts at most this many tokens in one request. */
const MOST_TOKENS = 1_000

interface Acknowledgement {
  readonly token: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class Settling<S extends EventShape> {
  private waiting: Acknowledgement[] = []
  private busy = false

  constructor(private readonly group: Pick<DeliverySource<S>, 'ack' | 'nack'>) {}

  ack({ token }: Delivery<S>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ token, resolve, reject })
      if (!this.busy) void this.send()
    })
  }

  nack({ token }: Delivery<S>, nack: Nack): Promise<void> {
    return this.group.nack([token], nack)
  }

  private async send(): Promise<void> {
    this.busy = true
    while (this.waiting.length > 0) await this.acknowledge(this.waiting.splice(0, MOST_TOKENS))
    this.busy = false
  }

  /** The server acknowledges all tokens of a request or none, so one stale token must not take the others with it. */
  private async acknowledge(batch: readonly Acknowledgement[]): Promise<void> {
    let left = batch
    while (left.length > 0) {
      try {
        await this.group.ack(left.map(({ token }) => token))
        for (const { resolve } of left) resolve()
        return
      } catch (error) {
        const stale = staleOf(error, left.length)
        for (const [at, { reject }] of left.entries()) if (stale === 'all' || stale.has(at)) reject(error)
        left = stale === 'all' ? [] : left.filter((_, at) => !stale.has(at))
      }
    }
  }
}

/** Which of so many tokens the server named; all of them, when it named none of these, or it was for another reason. */
function staleOf(error: unknown, count: number): ReadonlySet<number> | 'all' {
  if (!(error instanceof LighthouseError) || error.code !== 'STALE_DELIVERY') return 'all'
  const named = error.errors.flatMap(({ pointer }) => /^\/tokens\/(\d+)$/.exec(pointer)?.[1] ?? [])
  const stale = named.map(Number).filter(at => at < count)
  return stale.length === 0 ? 'all' : new Set(stale)
}
