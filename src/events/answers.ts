// Writes the answers of the events routes in the form the client accepts, with their headers.
import type { RecordedEvent } from '../contract/event.js'
import type { Appended } from '../contract/event-store.js'
import type { SkippedRange } from '../contract/skipped-damage.js'
import { cloudEventJson, cloudEventsJson } from '../wire/cloud-events/cloud-event.js'
import { eventJson } from '../wire/event-json.js'
import { eventMessagePack } from '../wire/event-msgpack.js'
import type { HttpExchange } from '../wire/http.decorator.js'
import { type Form, PLAIN_FORMS } from '../wire/negotiation.js'
import { longPageOf } from '../wire/page.js'
import { type AppendAnswerShape, appendAnswerOf, locationOf, warningHeader } from './append-answer.js'

type Body = string | Buffer

const OF_ONE = [...PLAIN_FORMS, 'cloudevent'] as const
export const OF_PAGES = [...PLAIN_FORMS, 'cloudevents'] as const

export function sendAppended(
  http: HttpExchange,
  appended: Appended,
  shape: AppendAnswerShape,
  warning: string | undefined,
): Body {
  void http.reply.status(appended.duplicate ? 200 : 201).header('location', locationOf(appended, shape))
  if (warning !== undefined) void http.reply.header(warningHeader, warning)
  return http.send(appendAnswerOf(appended, shape))
}

export function sendEvent(http: HttpExchange, event: RecordedEvent): Body {
  const form = chosenForm(http, OF_ONE)
  if (form === 'cloudevent') return cloudEventJson(event)
  return form === 'json' ? eventJson(event) : eventMessagePack(event)
}

const damagedHeader = 'lighthouse-damaged'

/**
 * A batch of CloudEvents is a bare array, so `rest` is left out; the route sets headers for the next page itself.
 * `damaged` is given where the reader asked to pass over damage.
 */
export function sendPage(
  http: HttpExchange,
  events: readonly RecordedEvent[],
  rest: object,
  damaged?: readonly SkippedRange[],
): Body | Promise<Body> {
  if (damaged !== undefined && damaged.length > 0) void http.reply.header(damagedHeader, damaged.map(asText).join(', '))

  const form = chosenForm(http, OF_PAGES)
  return form === 'cloudevents'
    ? cloudEventsJson(events)
    : longPageOf(events, damaged === undefined ? rest : { ...rest, damaged }, form)
}

function asText({ from, to }: SkippedRange): string {
  return from === to ? String(from) : `${from}-${to}`
}

function chosenForm<F extends Form>(http: HttpExchange, offered: readonly F[]): F {
  const form = http.form(offered)
  http.announce(form)
  return form
}
