// Reads what came over a socket as a frame a client may send; whatever else it is breaks the protocol. Pure.

import { isObject } from '../contract/check/field-checks.js'
import { StoreError } from '../contract/errors.js'
import { AckFrame, ConsumeFrame, NackFrame } from '../groups/websocket/consuming.dto.js'
import { FRAME_LIMITS } from '../streaming/frame-limits.js'
import type { FrameForm } from '../wire/event-frames.js'
import { parseJsonBody } from '../wire/json-body.js'
import { decodeAppend } from '../wire/message-pack.js'
import { type Shape, shapeOf } from '../wire/validator.js'
import { AuthFrame, PingFrame, SubscribeFrame, UnsubscribeFrame } from './frames.dto.js'

/** The content of an append is judged where appends of HTTP are judged, too. */
export interface AskedAppend {
  readonly type: 'append'
  readonly id: string
  readonly key: unknown
  /** Whatever else the frame holds. */
  readonly content: Readonly<Record<string, unknown>>
}

export type ClientFrame =
  | AuthFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | ConsumeFrame
  | AckFrame
  | NackFrame
  | PingFrame
  | AskedAppend

export type FrameType = ClientFrame['type']

/** What came is no frame; the message says why, for whoever wrote the client. */
export class BrokenProtocol extends Error {
  override readonly name = 'BrokenProtocol'
}

type Reader = (given: Record<string, unknown>) => ClientFrame

const READERS: Readonly<Record<FrameType, Reader>> = {
  auth: byShape(shapeOf(AuthFrame)),
  subscribe: byShape(shapeOf(SubscribeFrame)),
  unsubscribe: byShape(shapeOf(UnsubscribeFrame)),
  consume: byShape(shapeOf(ConsumeFrame)),
  ack: byShape(shapeOf(AckFrame)),
  nack: byShape(shapeOf(NackFrame)),
  ping: byShape(shapeOf(PingFrame)),
  append: askedAppend,
}

/** What a client may say. */
export const CLIENT_FRAME_TYPES = Object.keys(READERS) as readonly FrameType[]

function byShape(shape: Shape<ClientFrame>): Reader {
  return given => shape.body(given)
}

function askedAppend({ type: _, id, key, ...content }: Record<string, unknown>): AskedAppend {
  if (typeof id !== 'string' || id.length === 0 || id.length > FRAME_LIMITS.idChars) {
    throw new BrokenProtocol(`append: /id must be a text of 1 to ${FRAME_LIMITS.idChars} characters`)
  }
  return { type: 'append', id, key, content }
}

/** Throws BrokenProtocol. */
export function readFrame(bytes: Buffer, form: FrameForm): ClientFrame {
  const given = plain(bytes, form)
  if (!isObject(given)) throw new BrokenProtocol('A frame is one object.')
  const { type } = given
  if (typeof type !== 'string' || !Object.hasOwn(READERS, type)) {
    throw new BrokenProtocol(`The type of a frame is one of ${Object.keys(READERS).join(', ')}.`)
  }
  try {
    return READERS[type as FrameType](given)
  } catch (error) {
    throw broken(error, `${type}: `)
  }
}

function plain(bytes: Buffer, form: FrameForm): unknown {
  try {
    return form === 'json' ? parseJsonBody(bytes) : decodeAppend(bytes)
  } catch (error) {
    throw broken(error, '')
  }
}

function broken(error: unknown, where: string): unknown {
  if (!(error instanceof StoreError)) return error
  const found = error.errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')
  return new BrokenProtocol(`${where}${found === '' ? error.message : found}`)
}
