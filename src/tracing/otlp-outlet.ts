// Sends finished spans to a collector as OTLP over HTTP, in batches; this file alone loads OpenTelemetry, when asked.
import type { HrTime, Link, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { BatchSpanProcessor, ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { FinishedSpan, SpanKindName, SpanOutlet, SpanPlace } from './span.js'

export interface Collector {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly nodeId: string
  readonly version: string
  /** Called for each batch that could not be sent. */
  readonly onFailure: (spans: number, reason: string) => void
}

/** Spans that wait beyond these are dropped, so that a collector that is away costs bounded memory. */
const QUEUE_SPANS = 2_048
const BATCH_SPANS = 512
const BATCH_MS = 500
const TIMEOUT_MS = 10_000
/** How long the end of the process waits for the last batch. */
const LAST_MS = 2_000

/** The library, once it is loaded. */
interface Library {
  readonly api: typeof import('@opentelemetry/api')
  readonly core: typeof import('@opentelemetry/core')
  readonly resources: typeof import('@opentelemetry/resources')
  readonly trace: typeof import('@opentelemetry/sdk-trace')
  readonly otlp: typeof import('@opentelemetry/exporter-trace-otlp-proto')
}

export async function openOtlp(collector: Collector): Promise<SpanOutlet> {
  const [api, core, resources, trace, otlp] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
  ])
  return new OtlpOutlet({ api, core, resources, trace, otlp }, collector)
}

class OtlpOutlet implements SpanOutlet {
  readonly counts = { exported: 0, failed: 0, dropped: 0 }
  private waiting = 0
  private readonly sender: SpanExporter
  private readonly batches: BatchSpanProcessor
  private readonly resource: Resource
  /** One for all spans: the library makes a group, and sends the scope again, for each one that is another object. */
  private readonly scope: ReadableSpan['instrumentationScope']
  private readonly kinds: Readonly<Record<SpanKindName, SpanKind>>
  private readonly good: SpanStatus

  constructor(
    private readonly library: Library,
    private readonly collector: Collector,
  ) {
    const { url, headers, version, nodeId } = collector
    const { SpanKind, SpanStatusCode } = library.api
    this.scope = { name: 'lighthouse.event_store', version }
    this.kinds = { request: SpanKind.SERVER, append: SpanKind.PRODUCER, delivery: SpanKind.CONSUMER }
    this.good = { code: SpanStatusCode.UNSET }
    this.sender = new library.otlp.OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: TIMEOUT_MS })
    this.batches = new library.trace.BatchSpanProcessor({
      exporter: this.counting(),
      maxQueueSize: QUEUE_SPANS,
      maxExportBatchSize: BATCH_SPANS,
      scheduledDelayMillis: BATCH_MS,
      exportTimeoutMillis: 2 * TIMEOUT_MS,
    })
    this.resource = library.resources.resourceFromAttributes({
      'service.name': 'lighthouse',
      'service.version': version,
      'service.instance.id': nodeId,
    })
  }

  put(span: FinishedSpan): void {
    // The processor drops without a word what its queue does not hold, so it is never given more.
    if (this.waiting >= QUEUE_SPANS) {
      this.counts.dropped++
      return
    }
    this.waiting++
    this.batches.onEnd(this.readable(span))
  }

  end(): Promise<void> {
    return within(LAST_MS, this.batches.shutdown())
  }

  private counting(): SpanExporter {
    const { sender } = this
    return {
      export: (spans, done) =>
        sender.export(spans, result => {
          const sent = result.code === this.library.core.ExportResultCode.SUCCESS
          this.waiting -= spans.length
          this.counts[sent ? 'exported' : 'failed'] += spans.length
          if (!sent) this.collector.onFailure(spans.length, result.error?.message ?? 'the collector refused them')
          done(result)
        }),
      shutdown: () => sender.shutdown(),
    }
  }

  private readable(span: FinishedSpan): ReadableSpan {
    const context = this.contextOf(span.place, span.state)
    const { failure, parent, link } = span
    return {
      name: span.name,
      kind: this.kinds[span.kind],
      spanContext: () => context,
      parentSpanContext: parent === undefined ? undefined : this.contextOf(parent),
      startTime: timeOf(span.begun),
      endTime: timeOf(span.ended),
      duration: timeOf(span.ended - span.begun),
      status: failure === undefined ? this.good : { code: this.library.api.SpanStatusCode.ERROR, message: failure },
      attributes: span.attributes as ReadableSpan['attributes'],
      links: link === undefined ? NO_LINKS : [{ context: this.contextOf(link) }],
      events: NO_EVENTS,
      ended: true,
      resource: this.resource,
      instrumentationScope: this.scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    } as ReadableSpan
  }

  private contextOf({ traceId, spanId }: SpanPlace, state?: string): SpanContext {
    const { TraceFlags, createTraceState } = this.library.api
    if (state === undefined) return { traceId, spanId, traceFlags: TraceFlags.SAMPLED }
    return { traceId, spanId, traceFlags: TraceFlags.SAMPLED, traceState: createTraceState(state) }
  }
}

const NO_LINKS: Link[] = []
const NO_EVENTS: ReadableSpan['events'] = []

function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000)
  return [seconds, Math.floor((ms - seconds * 1_000) * 1e6)]
}

function within(ms: number, work: Promise<void>): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    work.then(done, done)
  })
}
