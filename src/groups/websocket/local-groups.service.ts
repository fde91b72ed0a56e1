// The groups of this thread, for the frames of sockets: deliveries are made frames of when the socket has room for them.
import { Injectable } from '@nestjs/common'
import { packedBy } from '../../record/codec/writer.js'
import type { FrameForm } from '../../wire/event-frames.js'
import { eventJson } from '../../wire/event-json.js'
import { writeEvent } from '../../wire/event-msgpack.js'
import type { Delivery } from '../dispatch/pending-take.js'
import { Groups } from '../groups.service.js'
import { deliveryFields } from '../http/deliveries-answer.js'
import { GROUP_LIMITS } from '../state/group-limits.js'
import { ConsumedGroups, type GroupClient, type SocketConsumer, type TokensSettled } from './consumed-groups.js'
import type { AckFrame, ConsumeFrame, NackFrame } from './consuming.dto.js'

@Injectable()
export class LocalGroups extends ConsumedGroups {
  constructor(private readonly groups: Groups) {
    super()
  }

  async consume(
    { id, subscription, maxInFlight = GROUP_LIMITS.takeDefault }: ConsumeFrame,
    client: GroupClient,
    { form, signal, onFrames, onEnd }: SocketConsumer,
  ): Promise<TokensSettled> {
    const consuming = await this.groups.consume(subscription, client.access, {
      maxInFlight,
      stillGood: () => client.assertTokenGood(),
      onDeliveries: deliveries => onFrames(deliveryFrames(deliveries, id, form)),
      onEnd,
    })
    if (signal.aborted) consuming.stop()
    else signal.addEventListener('abort', () => consuming.stop())
    return tokens => consuming.settled(tokens)
  }

  settle(frame: AckFrame | NackFrame, { access }: GroupClient): Promise<number> {
    const { subscription } = frame
    return frame.type === 'ack'
      ? this.groups.ack(subscription, access, frame.tokens)
      : this.groups.nack(subscription, access, frame)
  }
}

/** Each is made when it is asked for, because a socket without room would have all of them kept beside their events. */
function* deliveryFrames(deliveries: readonly Delivery[], id: string, form: FrameForm): Generator<string | Buffer> {
  for (const delivery of deliveries) yield deliveryFrame(delivery, id, form)
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
