// Bodies as they come in: JSON becomes plain values, CloudEvents are known as such, MessagePack stays bytes until asked for.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { StoreError } from '../contract/errors.js'
import { parseJsonBody } from './json-body.js'
import { decodeAppend, decodeMessagePack } from './message-pack.js'

/** A body that is not the JSON a route describes. */
abstract class OtherBody {
  abstract plain(): unknown
  abstract append(): unknown
}

/** What a request in MessagePack has as its body. */
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

/** One CloudEvent or a batch of them, parsed. Routes that take them ask for it; all others refuse it. */
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

/** Plain values: a MessagePack body is decoded, any other is what it is. */
export function plainBody(body: unknown): unknown {
  return body instanceof OtherBody ? body.plain() : body
}

/** As `plainBody`, but `data` and `metadata` of the events stay the bytes that came, proved and never decoded. */
export function appendBody(body: unknown): unknown {
  return body instanceof OtherBody ? body.append() : body
}

const packedTypes = ['application/msgpack', 'application/x-msgpack', 'application/vnd.msgpack']

type Done = (error: Error | null, body?: unknown) => void

/** Takes the place of Fastify's own parsers; the size limit is Fastify's `bodyLimit`. Bodies of GET are never read. */
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
  return parseJsonBody(bytes)
}

/** The one parameter JSON may have here is the charset it has anyway. */
function isUtf8Json(type: string): boolean {
  const parameters = type.split(';').slice(1)
  return parameters.every(text => /^\s*(charset\s*=\s*"?utf-?8"?)?\s*$/i.test(text))
}

function packedOf(_request: FastifyRequest, bytes: Buffer): PackedBody {
  if (bytes.length === 0) throw new StoreError('MALFORMED_BODY', 'The body is empty: send one MessagePack map.')
  return new PackedBody(bytes)
}

function shown(type: string | undefined): string {
  return type === undefined ? 'that is missing' : JSON.stringify(type.slice(0, 80))
}

export function unsupported(what: string): StoreError {
  return new StoreError(
    'UNSUPPORTED_MEDIA_TYPE',
    `This server does not read ${what}: send application/json in UTF-8 or application/msgpack, not compressed.`,
  )
}
