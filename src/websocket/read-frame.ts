// Reads a message of a socket as a frame that a client may send; anything else breaks the protocol. Pure.

import { isObject } from '../contract/check/field-checks.js'
import { StoreError } from '../contract/errors.js'
import type { ClientFrame, FrameHandlers } from '../streaming/frame-handlers.service.js'
import type { FrameForm } from '../wire/event-frames.js'
import { parseJsonAppend } from '../wire/json/json-append.js'
import { parseJsonBody } from '../wire/json-body.js'
import { decodeAppend } from '../wire/message-pack.js'
import { validatorOf } from '../wire/validator.js'
import { AuthFrame } from './frames.dto.js'

/** What came is no frame. The message is sent to the client and says why. */
export class BrokenProtocol extends Error {
  override readonly name = 'BrokenProtocol'
}

/** `auth` has no handler, because handlers need a token; the session takes this frame itself. */
const readAuth = validatorOf(AuthFrame).body

/** Throws BrokenProtocol. */
export function readFrame(bytes: Buffer, form: FrameForm, handlers: FrameHandlers): ClientFrame {
  const fields = plain(bytes, form)
  if (!isObject(fields)) throw new BrokenProtocol('A frame is one object.')
  const { type } = fields
  const read = type === 'auth' ? readAuth : typeof type === 'string' ? handlers.kindOf(type)?.read : undefined
  if (read === undefined)
    throw new BrokenProtocol(`The type of a frame is one of ${['auth', ...handlers.types].join(', ')}.`)
  try {
    return read(fields)
  } catch (error) {
    throw broken(error, `${type}: `)
  }
}

/** As clients begin the frame. Spelled in another way it is the same frame, read more slowly. */
const APPEND = Buffer.from('{"type":"append"')

function beginsAppend(bytes: Buffer): boolean {
  for (let at = 0; at < APPEND.length; at++) if (bytes[at] !== APPEND[at]) return false
  return true
}

function plain(bytes: Buffer, form: FrameForm): unknown {
  try {
    if (form === 'msgpack') return decodeAppend(bytes)
    return beginsAppend(bytes) ? parseJsonAppend(bytes) : parseJsonBody(bytes)
  } catch (error) {
    throw broken(error, '')
  }
}

function broken(error: unknown, where: string): unknown {
  if (!(error instanceof StoreError)) return error
  const found = error.errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')
  return new BrokenProtocol(`${where}${found === '' ? error.message : found}`)
}
