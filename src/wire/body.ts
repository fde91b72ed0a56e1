// Parses bodies by content type: JSON to plain values, CloudEvents to a class of their own, MessagePack later.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import { parseJsonAppend } from './json/json-append.js'
import { parseJsonBody } from './json-body.js'
import { decodeAppend, decodeMessagePack } from './message-pack.js'
import { takesAppend } from './takes-append.decorator.js'

abstract class OtherBody {
  abstract plain(): unknown
  abstract append(): unknown
}

/** The bytes are decoded only by the route, because an append keeps its payloads packed and other routes do not. */
export class PackedBody extends OtherBody {
  constructor(readonly bytes: Buffer) {
    super()
  }

  plain(): unknown {
    return decodeMessagePack(this.bytes)
  }

  append(): unknown {
    return decodeAppend(this.bytes)
  }
}

/** An append in JSON, read; its payloads are bytes already. */
export class JsonAppendBody extends OtherBody {
  constructor(
    readonly value: unknown,
    readonly length: number,
  ) {
    super()
  }

  /** No route that takes appends asks for their payloads as values. */
  plain(): unknown {
    return this.value
  }

  append(): unknown {
    return this.value
  }
}

/** One CloudEvent or a batch, parsed. Routes that accept them check for this class; on all others `plain` throws. */
export class CloudEventsBody extends OtherBody {
  constructor(
    readonly value: unknown,
    readonly isBatch: boolean,
  ) {
    super()
  }

  plain(): never {
    throw unsupported('CloudEvents on this route')
  }

  append(): never {
    throw unsupported('CloudEvents on this route')
  }
}

/**
 * A MessagePack body is decoded, any other is returned as it is. One that was not sent has no fields, so it is refused
 * only where a field is required. Throws UNSUPPORTED_MEDIA_TYPE for CloudEvents.
 */
export function plainBody(body: unknown): unknown {
  if (body === undefined) return {}
  return body instanceof OtherBody ? body.plain() : body
}

/**
 * As `plainBody`, but `data` and `metadata` of the events stay the bytes that were sent: validated, never decoded.
 * Undefined when no body was sent.
 */
export function appendBody(body: unknown): unknown {
  return body instanceof OtherBody ? body.append() : body
}

const packedTypes = ['application/msgpack', 'application/x-msgpack', 'application/vnd.msgpack']

type Done = (error: Error | null, body?: unknown) => void

/**
 * Replaces Fastify's own parsers. The size limit is Fastify's `bodyLimit`; the body of a GET is never read. A body of no
 * bytes counts as none, whatever its type, because many clients name a type with every request.
 */
export function registerBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers()
  const parseAs = 'buffer'
  fastify.addContentTypeParser('application/json', { parseAs }, parser(jsonOf))
  fastify.addContentTypeParser(packedTypes, { parseAs }, parser(packedOf))
  fastify.addContentTypeParser('application/cloudevents+json', { parseAs }, parser(cloudEvents(false)))
  fastify.addContentTypeParser('application/cloudevents-batch+json', { parseAs }, parser(cloudEvents(true)))
  fastify.addContentTypeParser('*', (request: FastifyRequest, _payload: unknown, done: Done) => {
    done(unsupported(`content-type ${shown(request.headers['content-type'])}`))
  })
}

function parser(read: (request: FastifyRequest, bytes: Buffer) => unknown) {
  return (request: FastifyRequest, bytes: Buffer | string, done: Done): void => {
    try {
      const encoding = request.headers['content-encoding']
      if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw unsupported('a compressed body')
      const body = read(request, bytes as Buffer)
      done(null, body)
    } catch (error) {
      done(error as Error)
    }
  }
}

function cloudEvents(isBatch: boolean) {
  return ({ headers }: FastifyRequest, bytes: Buffer): CloudEventsBody => {
    const type = headers['content-type']
    if (!isUtf8Json(type ?? '')) throw unsupported(`content-type ${shown(type)}`)
    return new CloudEventsBody(parseJsonBody(bytes), isBatch)
  }
}

function jsonOf(request: FastifyRequest, bytes: Buffer): unknown {
  const type = request.headers['content-type']
  if (type !== 'application/json' && !isUtf8Json(type ?? '')) throw unsupported(`content-type ${shown(type)}`)
  if (bytes.length === 0) return undefined
  // The data of a CloudEvent in binary mode is the body itself, which is then no append.
  if (!takesAppend(request) || request.headers['ce-specversion'] !== undefined) return parseJsonBody(bytes)
  return new JsonAppendBody(parseJsonAppend(bytes), bytes.length)
}

/** JSON is always UTF-8 here, so a charset that says so is the only parameter accepted. */
function isUtf8Json(type: string): boolean {
  const parameters = type.split(';').slice(1)
  return parameters.every(text => /^\s*(charset\s*=\s*"?utf-?8"?)?\s*$/i.test(text))
}

function packedOf(_request: FastifyRequest, bytes: Buffer): PackedBody | undefined {
  return bytes.length === 0 ? undefined : new PackedBody(bytes)
}

const OF_A_FORM = 'application/x-www-form-urlencoded'

function shown(type: string | undefined): string {
  if (type === undefined) return 'that is missing'
  const said = JSON.stringify(type.slice(0, 80))
  return type.startsWith(OF_A_FORM) ? `${said}, which curl sends with -d unless -H "content-type: …" is given` : said
}

export function unsupported(what: string): StoreError {
  return new StoreError('UNSUPPORTED_MEDIA_TYPE', `This server does not read ${what}.`)
}
