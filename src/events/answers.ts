// Writes answers of the events routes: form by Accept, and the headers each of them carries.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RecordedEvent } from '../contract/event.js'
import type { Appended } from '../contract/event-store.js'
import { contentTypes, formOf, reply as replyWith } from '../wire/answer.js'
import { eventJson } from '../wire/event-json.js'
import { eventMessagePack } from '../wire/event-msgpack.js'
import { pageOf } from '../wire/page.js'
import { answerOf, locationOf, type Shape, warningHeader } from './append-answer.js'

/** One request and the answer that goes with it. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type Body = string | Buffer

const PLAIN = ['json', 'msgpack'] as const

export function sendAppended(
  { request, reply }: Exchange,
  appended: Appended,
  shape: Shape,
  warning: string | undefined,
): Body {
  void reply.status(appended.duplicate ? 200 : 201).header('location', locationOf(appended, shape))
  if (warning !== undefined) void reply.header(warningHeader, warning)
  return replyWith(request, reply, answerOf(appended, shape))
}

export function sendEvent({ request, reply }: Exchange, event: RecordedEvent): Body {
  const form = plainFormOf({ request, reply })
  return form === 'json' ? eventJson(event) : eventMessagePack(event)
}

export function sendPage({ request, reply }: Exchange, events: readonly RecordedEvent[], rest: object): Body {
  return pageOf(events, rest, plainFormOf({ request, reply }))
}

function plainFormOf({ request, reply }: Exchange): 'json' | 'msgpack' {
  const form = formOf(request.headers.accept, PLAIN)
  void reply.header('content-type', contentTypes[form]).header('vary', 'Accept')
  return form
}

/** An append that cannot be answered as asked shall not be made either. */
export function mustBeAnswerable(request: FastifyRequest): void {
  formOf(request.headers.accept, PLAIN)
}
