// What takes the frames of one kind: subscriptions, appends, and whatever else a connection may be used for.
import type { Conversation } from './client-session.js'
import type { ClientFrame, FrameType } from './read-frame.js'

export type Handler<T extends FrameType = FrameType> = (
  frame: Extract<ClientFrame, { type: T }>,
  client: Conversation,
  /** Of the frame, as it came. */
  bytes: number,
) => void | Promise<void>

export type Handlers = { readonly [T in FrameType]?: Handler<T> }

export interface FrameHandler {
  /** By type of frame. What a handler throws is answered by `error`, and the connection goes on. */
  readonly handlers: Handlers
}
