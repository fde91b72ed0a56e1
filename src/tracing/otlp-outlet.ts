// Sends finished spans to a collector as OTLP over HTTP, in batches; this file alone loads OpenTelemetry, when asked.
import type { SpanContext } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { BatchSpanProcessor, ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { OtlpWriter } from './otlp-writer.js'
import type { FinishedSpan, SpanOutlet } from './span.js'

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
  readonly core: typeof import('@opentelemetry/core')
  readonly resources: typeof import('@opentelemetry/resources')
  readonly trace: typeof import('@opentelemetry/sdk-trace')
  readonly base: typeof import('@opentelemetry/otlp-exporter-base')
  readonly http: typeof import('@opentelemetry/otlp-exporter-base/node-http')
  readonly otlp: typeof import('@opentelemetry/otlp-transformer')
}

export async function openOtlp(collector: Collector): Promise<SpanOutlet> {
  const [core, resources, trace, base, http, otlp] = await Promise.all([
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/otlp-exporter-base'),
    import('@opentelemetry/otlp-exporter-base/node-http'),
    import('@opentelemetry/otlp-transformer'),
  ])
  return new OtlpOutlet({ core, resources, trace, base, http, otlp }, collector)
}

/** What the queue of the library asks of a span: it is written from what was finished, and nothing is made of it before. */
class QueuedSpan {
  constructor(
    readonly finished: FinishedSpan,
    readonly resource: Resource,
  ) {}

  spanContext(): SpanContext {
    return SAMPLED
  }
}

const SAMPLED: SpanContext = { traceId: '', spanId: '', traceFlags: 1 }

class OtlpOutlet implements SpanOutlet {
  readonly counts = { exported: 0, failed: 0, dropped: 0 }
  private waiting = 0
  private readonly sender: SpanExporter
  private readonly batches: BatchSpanProcessor
  private readonly resource: Resource

  constructor(
    private readonly library: Library,
    private readonly collector: Collector,
  ) {
    this.resource = library.resources.emptyResource()
    this.sender = new library.base.OTLPExporterBase(this.delegate())
    this.batches = new library.trace.BatchSpanProcessor({
      exporter: this.counting(),
      maxQueueSize: QUEUE_SPANS,
      maxExportBatchSize: BATCH_SPANS,
      scheduledDelayMillis: BATCH_MS,
      exportTimeoutMillis: 2 * TIMEOUT_MS,
    })
  }

  put(span: FinishedSpan): void {
    // The processor drops without a word what its queue does not hold, so it is never given more.
    if (this.waiting >= QUEUE_SPANS) {
      this.counts.dropped++
      return
    }
    this.waiting++
    this.batches.onEnd(new QueuedSpan(span, this.resource) as unknown as ReadableSpan)
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

  /** As the exporter of the library makes it, but for who writes the spans. */
  private delegate() {
    const { url, headers, version, nodeId } = this.collector
    const { http, otlp } = this.library
    const resource = { 'service.name': 'lighthouse', 'service.version': version, 'service.instance.id': nodeId }
    const writer = new OtlpWriter({ resource, scope: { name: 'lighthouse.event_store', version } })
    return http.createOtlpHttpExportDelegate(
      http.convertLegacyHttpOptions(
        { url, headers: { ...headers }, timeoutMillis: TIMEOUT_MS },
        'TRACES',
        'v1/traces',
        {
          'Content-Type': 'application/x-protobuf',
        },
      ),
      {
        serializeRequest: (spans: ReadableSpan[]) =>
          writer.batchOf((spans as unknown as QueuedSpan[]).map(({ finished }) => finished)),
        deserializeResponse: otlp.ProtobufTraceSerializer.deserializeResponse,
      },
      'otlp_http_span_exporter',
      otlp.TraceExporterMetricsHelper,
      undefined,
    )
  }
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
