// Writes spans as the OpenTelemetry protocol has them, straight from what is kept of each: the library's own writer costs a span four times as much. Pure.
import { ProtoWriter } from './proto-writer.js'
import type { FinishedSpan, SpanKindName, SpanPlace } from './span.js'

/** Whose spans they are: written once for a batch. */
export interface SpanSource {
  readonly resource: Readonly<Record<string, string>>
  readonly scope: { readonly name: string; readonly version: string }
}

/** Numbers of the fields in the published protocol, by message. */
const BATCH = { resourceSpans: 1 }
const RESOURCE_SPANS = { resource: 1, scopeSpans: 2 }
const RESOURCE = { attributes: 1 }
const SCOPE_SPANS = { scope: 1, spans: 2 }
const SCOPE = { name: 1, version: 2 }
const SPAN = {
  traceId: 1,
  spanId: 2,
  state: 3,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  begun: 7,
  ended: 8,
  attributes: 9,
  links: 13,
  status: 15,
  flags: 16,
}
const LINK = { traceId: 1, spanId: 2, flags: 6 }
const STATUS = { message: 2, code: 3 }
const KEY_VALUE = { key: 1, value: 2 }
const ANY = { text: 1, flag: 2, integer: 3, double: 4, list: 5 }
const LIST = { values: 1 }

const KINDS: Readonly<Record<SpanKindName, number>> = { request: 2, append: 4, delivery: 5 }
const ERROR = 2
/** Sampled, and it is known whether the parent is remote. */
const FLAGS = 0x101

export class OtlpWriter {
  private readonly out = new ProtoWriter()
  /** Names of attributes are few and always the same. */
  private readonly keys = new Map<string, Uint8Array>()

  constructor(private readonly source: SpanSource) {}

  batchOf(spans: readonly FinishedSpan[]): Uint8Array {
    const { out } = this
    const { resource, scope } = this.source
    out.restart()
    const all = out.open(BATCH.resourceSpans)
    const whose = out.open(RESOURCE_SPANS.resource)
    this.attributes(RESOURCE.attributes, resource)
    out.close(whose)
    const scoped = out.open(RESOURCE_SPANS.scopeSpans)
    const by = out.open(SCOPE_SPANS.scope)
    out.text(SCOPE.name, scope.name)
    out.text(SCOPE.version, scope.version)
    out.close(by)
    for (const span of spans) this.span(span)
    out.close(scoped)
    out.close(all)
    return out.written
  }

  private span(span: FinishedSpan): void {
    const { out } = this
    const { place, parent, link, state, failure } = span
    const all = out.open(SCOPE_SPANS.spans)
    out.hex(SPAN.traceId, place.traceId)
    out.hex(SPAN.spanId, place.spanId)
    if (state !== undefined) out.text(SPAN.state, state)
    if (parent !== undefined) out.hex(SPAN.parentSpanId, parent.spanId)
    out.text(SPAN.name, span.name)
    out.integer(SPAN.kind, KINDS[span.kind])
    out.time(SPAN.begun, span.begun)
    out.time(SPAN.ended, span.ended)
    this.attributes(SPAN.attributes, span.attributes)
    if (link !== undefined) this.link(link)
    this.status(failure)
    out.fixed32(SPAN.flags, FLAGS)
    out.close(all)
  }

  private link({ traceId, spanId }: SpanPlace): void {
    const { out } = this
    const all = out.open(SPAN.links)
    out.hex(LINK.traceId, traceId)
    out.hex(LINK.spanId, spanId)
    out.fixed32(LINK.flags, FLAGS)
    out.close(all)
  }

  private status(failure: string | undefined): void {
    const { out } = this
    const all = out.open(SPAN.status)
    if (failure !== undefined) {
      out.text(STATUS.message, failure)
      out.integer(STATUS.code, ERROR)
    }
    out.close(all)
  }

  private attributes(field: number, attributes: Readonly<Record<string, unknown>>): void {
    const { out } = this
    for (const name in attributes) {
      const value = attributes[name]
      if (value === undefined) continue
      const pair = out.open(field)
      out.bytes(this.keyOf(name))
      const any = out.open(KEY_VALUE.value)
      this.value(value)
      out.close(any)
      out.close(pair)
    }
  }

  private value(value: unknown): void {
    const { out } = this
    if (typeof value === 'string') out.text(ANY.text, value)
    else if (typeof value === 'boolean') out.integer(ANY.flag, Number(value))
    else if (typeof value === 'number') this.number(value)
    else if (Array.isArray(value)) this.list(value)
  }

  private number(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0) this.out.integer(ANY.integer, value)
    else this.out.double(ANY.double, value)
  }

  private list(values: readonly unknown[]): void {
    const { out } = this
    const all = out.open(ANY.list)
    for (const value of values) {
      const one = out.open(LIST.values)
      this.value(value)
      out.close(one)
    }
    out.close(all)
  }

  private keyOf(name: string): Uint8Array {
    const held = this.keys.get(name)
    if (held !== undefined) return held
    const alone = new ProtoWriter()
    alone.text(KEY_VALUE.key, name)
    const made = alone.written
    this.keys.set(name, made)
    return made
  }
}
