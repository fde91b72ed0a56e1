// Handles the frames `consume`, `ack` and `nack`: each id is one consumer, given no more than its socket takes.
import { Injectable } from '@nestjs/common'
import { Quotas } from '../../auth/quotas.js'
import { codeOf } from '../../contract/errors.js'
import { packedBy } from '../../record/codec/writer.js'
import { FrameHandlers, type FrameSession, type OpenChannel } from '../../streaming/frame-handlers.service.js'
import type { FrameForm } from '../../wire/event-frames.js'
import { eventJson } from '../../wire/event-json.js'
import { writeEvent } from '../../wire/event-msgpack.js'
import { validatorOf } from '../../wire/validator.js'
import type { Delivery } from '../dispatch/pending-take.js'
import { type Consuming, Groups } from '../groups.service.js'
import { deliveryFields } from '../http/deliveries-answer.js'
import { GROUP_LIMITS } from '../state/group-limits.js'
import { AckFrame, ConsumeFrame, type ConsumingFrame, NackFrame, type SettledFrame } from './consuming.dto.js'

@Injectable()
export class ConsumingFrames {
  private readonly consumptions = new WeakMap<FrameSession, Set<Consumption>>()

  constructor(
    private readonly groups: Groups,
    private readonly quotas: Quotas,
    frames: FrameHandlers,
  ) {
    frames.add('consume', validatorOf(ConsumeFrame).body, (frame, client) => this.consume(frame, client))
    frames.add('ack', validatorOf(AckFrame).body, (frame, client) =>
      this.settle(frame, client, () => this.groups.ack(frame.subscription, client.access, frame.tokens)),
    )
    frames.add('nack', validatorOf(NackFrame).body, (frame, client) =>
      this.settle(frame, client, () => this.groups.nack(frame.subscription, client.access, frame)),
    )
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
      await consumption.begin(this.groups, () => client.assertTokenGood())
    } catch (error) {
      // The client may have ended it meanwhile; then the error concerns nobody.
      if (!client.holds(frame.id, consumption)) return
      client.drop(frame.id, codeOf(error) ?? 'INTERNAL')
      throw error
    }
  }

  private async settle(
    { id, subscription, tokens }: AckFrame | NackFrame,
    client: FrameSession,
    work: () => Promise<number>,
  ): Promise<void> {
    client.needs('streams.subscribe')
    this.quotas.charge(client.access, { requests: 1 })
    const count = await work()
    // Tokens do not say which consumer of this connection holds them, so each one drops those that it knows.
    for (const consumption of this.consumptions.get(client) ?? []) consumption.settled(subscription, tokens)
    client.send({ type: 'settled', id, count } satisfies SettledFrame)
  }
}

class Consumption implements OpenChannel {
  private consuming: Consuming | undefined
  private ended = false
  private wake: () => void = () => undefined

  constructor(
    private readonly frame: ConsumeFrame,
    private readonly client: FrameSession,
    private readonly onEnd: () => void,
  ) {}

  /** `stillGood` rejects when the token of the connection is no longer good. */
  async begin(groups: Groups, stillGood: () => Promise<void>): Promise<void> {
    const { id, subscription, maxInFlight = GROUP_LIMITS.takeDefault } = this.frame
    const told = Promise.withResolvers<void>()
    const consuming = await groups.consume(subscription, this.client.access, {
      maxInFlight,
      stillGood,
      onDelivery: async delivery => {
        // A delivery may be ready before this function goes on, but no frame may precede `consuming`.
        await told.promise
        await this.room()
        if (!this.ended) this.client.connection.write(deliveryFrame(delivery, id, this.client.connection.form))
      },
      onEnd: this.client.connection.guarded((error: unknown) => this.failed(error)),
    })
    if (this.ended) {
      consuming.stop()
      told.resolve()
      return
    }
    this.consuming = consuming
    this.client.send({ type: 'consuming', id, subscription } satisfies ConsumingFrame)
    this.note('consumer begun', {})
    told.resolve()
  }

  private note(message: string, facts: object): void {
    const { id, subscription: group } = this.frame
    this.client.log?.({ operation_type: 'consume', subscription: id, group, ...facts }, message)
  }

  settled(subscription: string, tokens: readonly string[]): void {
    if (subscription === this.frame.subscription) this.consuming?.settled(tokens)
  }

  /** Unsettled deliveries are not returned here; they are handed out again after their deadlines. */
  end(reason: string): void {
    this.ended = true
    if (this.consuming !== undefined) this.note('consumer ended', { reason })
    this.consuming?.stop()
    this.onEnd()
    this.wake()
  }

  resume(): void {
    this.wake()
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

function deliveryFrame(delivery: Delivery, id: string, form: FrameForm): string | Buffer {
  const fields = { type: 'delivery', id, ...deliveryFields(delivery) }
  if (form === 'json') return `${JSON.stringify(fields).slice(0, -1)},"event":${eventJson(delivery.event)}}`
  return packedBy(writer => {
    const given = Object.entries(fields)
    writer.mapHeader(given.length + 1)
    for (const [name, value] of given) {
      writer.string(name)
      writer.anyValue(value)
    }
    writer.string('event')
    writeEvent(writer, delivery.event)
  })
}
