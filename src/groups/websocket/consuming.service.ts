// Handles the frames `consume`, `ack` and `nack`: each id is one consumer, given no more than its socket takes.
import { Injectable } from '@nestjs/common'
import { Quotas } from '../../auth/quotas.js'
import { codeOf } from '../../contract/errors.js'
import { FrameHandlers, type FrameSession, type OpenChannel } from '../../streaming/frame-handlers.service.js'
import { validatorOf } from '../../wire/validator.js'
import { ConsumedGroups, type TokensSettled } from './consumed-groups.js'
import { AckFrame, ConsumeFrame, type ConsumingFrame, NackFrame, type SettledFrame } from './consuming.dto.js'

@Injectable()
export class ConsumingFrames {
  private readonly consumptions = new WeakMap<FrameSession, Set<Consumption>>()

  constructor(
    private readonly groups: ConsumedGroups,
    private readonly quotas: Quotas,
    frames: FrameHandlers,
  ) {
    frames.add('consume', validatorOf(ConsumeFrame).body, (frame, client) => this.consume(frame, client))
    frames.add('ack', validatorOf(AckFrame).body, (frame, client) => this.settle(frame, client))
    frames.add('nack', validatorOf(NackFrame).body, (frame, client) => this.settle(frame, client))
  }

  private async consume(frame: ConsumeFrame, client: FrameSession): Promise<void> {
    client.needs('streams.subscribe')
    this.quotas.charge(client.access, { requests: 1 })
    const all = this.consumptions.get(client) ?? new Set()
    this.consumptions.set(client, all)
    const consumption = new Consumption(frame, client, () => all.delete(consumption))
    client.hold(frame.id, consumption)
    all.add(consumption)
    try {
      await consumption.begin(this.groups)
    } catch (error) {
      // The client may have ended it meanwhile; then the error concerns nobody.
      if (!client.holds(frame.id, consumption)) return
      client.drop(frame.id, codeOf(error) ?? 'INTERNAL')
      throw error
    }
  }

  private async settle(frame: AckFrame | NackFrame, client: FrameSession): Promise<void> {
    const { id, subscription, tokens } = frame
    client.needs('streams.subscribe')
    this.quotas.charge(client.access, { requests: 1 })
    const count = await this.groups.settle(frame, client)
    // Tokens do not say which consumer of this connection holds them, so each one drops those that it knows.
    for (const consumption of this.consumptions.get(client) ?? []) consumption.settled(subscription, tokens)
    client.send({ type: 'settled', id, count } satisfies SettledFrame)
  }
}

class Consumption implements OpenChannel {
  private readonly ending = new AbortController()
  /** Set once it has begun. */
  private tokensSettled: TokensSettled | undefined
  private wake: () => void = () => undefined

  constructor(
    private readonly frame: ConsumeFrame,
    private readonly client: FrameSession,
    private readonly onEnd: () => void,
  ) {}

  private get ended(): boolean {
    return this.ending.signal.aborted
  }

  async begin(groups: ConsumedGroups): Promise<void> {
    const { id, subscription } = this.frame
    const { connection } = this.client
    const told = Promise.withResolvers<void>()
    const tokensSettled = await groups.consume(this.frame, this.client, {
      form: connection.form,
      signal: this.ending.signal,
      onFrames: async frames => {
        // A delivery may be ready before this function goes on, but no frame may precede `consuming`.
        await told.promise
        await this.write(frames)
      },
      onEnd: connection.guarded((error: unknown) => this.failed(error)),
    })
    if (!this.ended) {
      this.tokensSettled = tokensSettled
      this.client.send({ type: 'consuming', id, subscription } satisfies ConsumingFrame)
      this.note('consumer begun', {})
    }
    told.resolve()
  }

  private note(message: string, facts: object): void {
    const { id, subscription: group } = this.frame
    this.client.log?.({ operation_type: 'consume', subscription: id, group, ...facts }, message)
  }

  settled(subscription: string, tokens: readonly string[]): void {
    if (subscription === this.frame.subscription) this.tokensSettled?.(tokens)
  }

  /** Unsettled deliveries are not returned here; they are handed out again after their deadlines. */
  end(reason: string): void {
    this.ending.abort()
    if (this.tokensSettled !== undefined) this.note('consumer ended', { reason })
    this.onEnd()
    this.wake()
  }

  resume(): void {
    this.wake()
  }

  /** Resolves when the socket has taken the frames; the rest of them is left out once the consumption has ended. */
  private async write(frames: Iterable<string | Buffer>): Promise<void> {
    for (const frame of frames) {
      await this.room()
      if (this.ended) return
      this.client.connection.write(frame)
    }
  }

  /** Resolves when the socket has room, or when the consumption has ended and nothing is to be sent any more. */
  private async room(): Promise<void> {
    while (!this.ended && !this.client.connection.hasRoom) {
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
  }

  private failed(error: unknown): void {
    if (this.ended) return
    const { id } = this.frame
    const reason = codeOf(error) ?? 'INTERNAL'
    this.client.drop(id, reason)
    this.client.send({ type: 'closed', id, reason, problem: this.client.problem(error) })
  }
}
