// Who takes which frames: one list, to which every further kind of frame adds its handler.
import { Injectable } from '@nestjs/common'
import { ConsumingFrames } from '../groups/websocket/consuming.service.js'
import type { Conversation } from './client-session.js'
import type { FrameHandler, Handler } from './frame-handler.js'
import { Pings } from './pings.service.js'
import type { ClientFrame } from './read-frame.js'
import { SocketAppends } from './socket-appends.service.js'
import { Subscribing } from './subscribing.service.js'

@Injectable()
export class FrameHandlers {
  private readonly byType: ReadonlyMap<string, Handler>

  constructor(subscribing: Subscribing, consuming: ConsumingFrames, appends: SocketAppends, pings: Pings) {
    const all: readonly FrameHandler[] = [subscribing, consuming, appends, pings]
    this.byType = new Map(all.flatMap(({ handlers }) => Object.entries(handlers) as [string, Handler][]))
  }

  handle(frame: ClientFrame, client: Conversation, bytes: number): void | Promise<void> {
    return this.byType.get(frame.type)?.(frame, client, bytes)
  }
}
