// Answers the frame `ping`, because browsers cannot send the pings of the protocol itself.
import { Injectable } from '@nestjs/common'
import { EventStore } from '../contract/event-store.js'
import { FrameHandlers, type FrameSession } from '../streaming/frame-handlers.service.js'
import { validatorOf } from '../wire/validator.js'
import { type HeartbeatFrame, PingFrame } from './frames.dto.js'

@Injectable()
export class Pings {
  constructor(
    private readonly store: EventStore,
    frames: FrameHandlers,
  ) {
    frames.add('ping', validatorOf(PingFrame).body, (_, client) => this.answer(client))
  }

  private answer(client: FrameSession): void {
    client.send({ type: 'heartbeat', position: this.store.head() } satisfies HeartbeatFrame)
  }
}
