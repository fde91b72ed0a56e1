// Reads what came over a socket as a frame a client may send; whatever else it is breaks the protocol. Pure.

import { isObject } from '../contract/check/field-checks.js'
import { StoreError } from '../contract/errors.js'
import type { ClientFrame, FrameHandlers } from '../streaming/frame-handlers.service.js'
import type { FrameForm } from '../wire/event-frames.js'
import { parseJsonBody } from '../wire/json-body.js'
import { decodeAppend } from '../wire/message-pack.js'
import { validatorOf } from '../wire/validator.js'
import { AuthFrame } from './frames.dto.js'

/** What came is no frame; the message says why, for whoever wrote the client. */
export class BrokenProtocol extends Error {
  override readonly name = 'BrokenProtocol'
}

/** The one that a session takes itself: whoever sends it is not known yet. */
const readAuth = validatorOf(AuthFrame).body

/** Throws BrokenProtocol. */
export function readFrame(bytes: Buffer, form: FrameForm, handlers: FrameHandlers): ClientFrame {
  const fields = plain(bytes, form)
  if (!isObject(fields)) throw new BrokenProtocol('A frame is one object.')
  const { type } = fields
  const read = type === 'auth' ? readAuth : typeof type === 'string' ? handlers.readerOf(type) : undefined
  if (read === undefined)
    throw new BrokenProtocol(`The type of a frame is one of ${['auth', ...handlers.types].join(', ')}.`)
  try {
    return read(fields)
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
