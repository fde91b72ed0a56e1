// The frame `ping`, for clients that cannot send the pings of the protocol itself, as browsers cannot.
import { Injectable } from '@nestjs/common'
import { EventStore } from '../contract/event-store.js'
import type { Conversation } from './client-session.js'
import type { FrameHandler } from './frame-handler.js'
import type { PingFrame } from './frames.dto.js'

@Injectable()
export class Pings implements FrameHandler {
  readonly handlers = { ping: (_: PingFrame, client: Conversation) => this.answer(client) }

  constructor(private readonly store: EventStore) {}

  private answer(client: Conversation): void {
    client.send({ type: 'heartbeat', position: this.store.head() })
  }
}
