// Collects what a query finds as encoded text or bytes, so that a page is bounded and keeps no event in memory.

import { valueAt } from '../contract/check/field-path.js'
import type { RecordedEvent } from '../contract/event.js'
import { packedBy } from '../record/codec/writer.js'
import { eventJson } from '../wire/event-json.js'
import { eventMessagePack } from '../wire/event-msgpack.js'
import { encoded } from '../wire/negotiation.js'
import { QUERY_LIMITS } from './query-limits.js'
import type { Selected } from './read-query-body.js'

export type PageForm = 'json' | 'msgpack'

export class ResultPage {
  private readonly items: (string | Buffer)[] = []
  private bytes = 0

  constructor(
    private readonly form: PageForm,
    private readonly select: readonly Selected[] | undefined,
  ) {}

  get count(): number {
    return this.items.length
  }

  /** Returns false, and adds nothing, when the event does not fit; the first one always does. */
  add(event: RecordedEvent): boolean {
    const item = this.select === undefined ? whole(event, this.form) : encoded(row(event, this.select), this.form)
    const bytes = typeof item === 'string' ? Buffer.byteLength(item) : item.length
    if (this.items.length > 0 && this.bytes + bytes > QUERY_LIMITS.pageBytes) return false
    this.items.push(item)
    this.bytes += bytes
    return true
  }

  /** Writes `{events: […], ...rest}`. */
  render(rest: Readonly<Record<string, unknown>>): string | Buffer {
    if (this.form === 'json') return `{"events":[${this.items.join(',')}],${JSON.stringify(rest).slice(1)}`
    return packedBy(writer => {
      writer.mapHeader(1 + Object.keys(rest).length)
      writer.string('events')
      writer.arrayHeader(this.items.length)
      for (const item of this.items) writer.raw(item as Buffer)
      for (const [name, value] of Object.entries(rest)) {
        writer.string(name)
        writer.anyValue(value)
      }
    })
  }
}

function whole(event: RecordedEvent, form: PageForm): string | Buffer {
  return form === 'json' ? eventJson(event) : eventMessagePack(event)
}

/** A path begins with the name of a field, so `__proto__` cannot be one and plain assignment is safe. */
function row(event: RecordedEvent, select: readonly Selected[]): Record<string, unknown> {
  const fields: Record<string, unknown> = { id: event.id, position: event.position }
  for (const { name, path } of select) {
    const value = valueAt(event, path)
    if (value !== undefined) fields[name] = value
  }
  return fields
}
