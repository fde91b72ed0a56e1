// Writes answers of the events routes: form by Accept, and the headers each of them carries.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RecordedEvent } from '../contract/event.js'
import type { Appended } from '../contract/event-store.js'
import { cloudEventJson, cloudEventsJson } from '../wire/cloud-event.js'
import { eventJson } from '../wire/event-json.js'
import { eventMessagePack } from '../wire/event-msgpack.js'
import { contentTypes, type Form, formOf, reply as replyWith } from '../wire/negotiation.js'
import { longPageOf } from '../wire/page.js'
import { answerOf, locationOf, type Shape, warningHeader } from './append-answer.js'

/** One request and the answer that goes with it. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type Body = string | Buffer

const PLAIN = ['json', 'msgpack'] as const
const OF_ONE = [...PLAIN, 'cloudevent'] as const
export const OF_PAGES = [...PLAIN, 'cloudevents'] as const

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

export function sendEvent(exchange: Exchange, event: RecordedEvent): Body {
  const form = chosenForm(exchange, OF_ONE)
  if (form === 'cloudevent') return cloudEventJson(event)
  return form === 'json' ? eventJson(event) : eventMessagePack(event)
}

/** CloudEvents come bare, in an array: what else there is to say stands in the headers. */
export function sendPage(exchange: Exchange, events: readonly RecordedEvent[], rest: object): Body | Promise<Body> {
  const form = chosenForm(exchange, OF_PAGES)
  return form === 'cloudevents' ? cloudEventsJson(events) : longPageOf(events, rest, form)
}

function chosenForm<F extends Form>({ request, reply }: Exchange, offered: readonly F[]): F {
  const form = formOf(request.headers.accept, offered)
  void reply.header('content-type', contentTypes[form]).header('vary', 'Accept')
  return form
}

/** What cannot be answered as asked shall not be done either. */
export function mustBeAnswerable(request: FastifyRequest, forms: readonly Form[] = PLAIN): void {
  formOf(request.headers.accept, forms)
}
