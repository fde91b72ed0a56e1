// Writes deliveries and parked events as JSON or MessagePack, with events encoded as on every other route. Pure.
import type { RecordedEvent } from '../../contract/event.js'
import { packedBy } from '../../record/codec/writer.js'
import { eventJson } from '../../wire/event-json.js'
import { writeEvent } from '../../wire/event-msgpack.js'
import type { Delivery } from '../dispatch/pending-take.js'
import { timeOf } from '../state/group-status.js'

/** An undefined event is written as null. */
export interface WithEvent {
  readonly fields: Readonly<Record<string, unknown>>
  readonly event: RecordedEvent | undefined
}

export function deliveryFields({ token, attempt, deadlineMs }: Delivery) {
  return { token, attempt, deadline: timeOf(deadlineMs) }
}

export function deliveriesAnswer(deliveries: readonly Delivery[], form: 'json' | 'msgpack'): string | Buffer {
  const items = deliveries.map(delivery => ({ fields: deliveryFields(delivery), event: delivery.event }))
  return listAnswer('deliveries', items, {}, form)
}

/** Writes `{[name]: [{...fields, event}], ...rest}`. */
export function listAnswer(
  name: string,
  items: readonly WithEvent[],
  rest: Readonly<Record<string, unknown>>,
  form: 'json' | 'msgpack',
): string | Buffer {
  return form === 'json' ? jsonOf(name, items, rest) : packedOf(name, items, rest)
}

function jsonOf(name: string, items: readonly WithEvent[], rest: Readonly<Record<string, unknown>>): string {
  const listed = items.map(({ fields, event }) => {
    return `${JSON.stringify(fields).slice(0, -1)},"event":${event === undefined ? 'null' : eventJson(event)}}`
  })
  const list = `"${name}":[${listed.join(',')}]`
  const beside = JSON.stringify(rest)
  return beside === '{}' ? `{${list}}` : `{${list},${beside.slice(1)}`
}

function packedOf(name: string, items: readonly WithEvent[], rest: Readonly<Record<string, unknown>>): Buffer {
  return packedBy(writer => {
    const others = Object.entries(rest)
    writer.mapHeader(1 + others.length)
    writer.string(name)
    writer.arrayHeader(items.length)
    for (const { fields, event } of items) {
      const given = Object.entries(fields)
      writer.mapHeader(given.length + 1)
      for (const [field, value] of given) {
        writer.string(field)
        writer.anyValue(value)
      }
      writer.string('event')
      if (event === undefined) writer.nil()
      else writeEvent(writer, event)
    }
    for (const [other, value] of others) {
      writer.string(other)
      writer.anyValue(value)
    }
  })
}
