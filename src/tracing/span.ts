// What a span is before it is exported, and which spans there are: docs/TRACING.md is held to this table.

/** Where a span stands in its trace, as a traceparent says it. */
export interface SpanPlace {
  readonly traceId: string
  readonly spanId: string
}

/** Of each kind of span its name and its attributes; no span has another. */
export const SPANS = {
  request: {
    name: 'METHOD /route',
    attributes: [
      'http.request.method',
      'http.route',
      'http.response.status_code',
      'lighthouse.agent_id',
      'lighthouse.correlation_id',
    ],
  },
  append: {
    name: 'event_store.append',
    attributes: [
      'event.type',
      'event.count',
      'event.stream',
      'event.id',
      'lighthouse.agent_id',
      'lighthouse.correlation_id',
      'lighthouse.position',
      'lighthouse.outcome',
      'operation.duration_ms',
      'operation.success',
    ],
  },
  delivery: {
    name: 'event_store.deliver',
    attributes: [
      'event.type',
      'event.stream',
      'event.id',
      'lighthouse.agent_id',
      'lighthouse.position',
      'lighthouse.surface',
      'lighthouse.lag_ms',
    ],
  },
} as const

export type SpanKindName = keyof typeof SPANS

export type SpanAttributes<K extends SpanKindName> = {
  readonly [Name in (typeof SPANS)[K]['attributes'][number]]?: string | number | boolean | readonly string[] | undefined
}

export interface FinishedSpan {
  readonly kind: SpanKindName
  readonly name: string
  readonly place: SpanPlace
  readonly parent: SpanPlace | undefined
  /** A span of another agent that led to this one. */
  readonly link: SpanPlace | undefined
  /** The tracestate of the caller, passed on as it came. */
  readonly state: string | undefined
  /** In milliseconds since 1970, with fractions. */
  readonly begun: number
  readonly ended: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** The code of the failure; undefined where there was none. */
  readonly failure: string | undefined
}

/** Where finished spans go. It takes them at once and never throws. */
export interface SpanOutlet {
  put(span: FinishedSpan): void
  end(): Promise<void>
  readonly counts: Readonly<Record<'exported' | 'failed' | 'dropped', number>>
}
