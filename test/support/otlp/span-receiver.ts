// A collector of traces on a free port: it decodes what comes as the published protocol says, and waits for spans.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'

export interface ReceivedSpan {
  readonly name: string
  readonly kind: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly status: string
  readonly failure: string
  readonly nanos: bigint
}

type Fields = Readonly<Record<string, unknown>>

const proto = fileURLToPath(new URL('./trace.proto', import.meta.url))

export class SpanReceiver {
  readonly spans: ReceivedSpan[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly services: unknown[] = []
  /** Of each batch, how many groups of spans it came in. */
  readonly groups: number[] = []
  /** What each batch is answered. */
  status = 200
  private wake: (() => void)[] = []

  private constructor(
    private readonly server: Server,
    private readonly request: protobuf.Type,
  ) {}

  static async open(): Promise<SpanReceiver> {
    const request = (await protobuf.load(proto)).lookupType('opentelemetry.proto.ExportTraceServiceRequest')
    const server = createServer()
    const receiver = new SpanReceiver(server, request)
    server.on('request', async (asked: IncomingMessage, answer) => {
      const parts: Buffer[] = []
      for await (const part of asked) parts.push(part)
      receiver.headers.push(asked.headers)
      const body = Buffer.concat(parts)
      if (receiver.status === 200) receiver.take(asked.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
      answer.writeHead(receiver.status).end()
      receiver.wakeAll()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1/traces`
  }

  /** Waits for the span that `fits`. */
  async span(fits: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
    for (;;) {
      const found = this.spans.find(fits)
      if (found !== undefined) return found
      await this.more()
    }
  }

  /** Resolves with the next batch. */
  more(): Promise<void> {
    return new Promise(resolve => this.wake.push(resolve))
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private take(body: Buffer): void {
    const options = { longs: String, enums: String, bytes: String, defaults: true, arrays: true }
    // biome-ignore lint/suspicious/noExplicitAny: the shape is the one that the protocol says.
    const batch: any = this.request.toObject(this.request.decode(body), options)
    for (const { resource, scopeSpans } of batch.resourceSpans) {
      this.services.push(valuesOf(resource.attributes)['service.name'])
      this.groups.push(scopeSpans.length)
      for (const { spans } of scopeSpans) this.spans.push(...spans.map(receivedOf))
    }
  }

  private wakeAll(): void {
    for (const one of this.wake.splice(0)) one()
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is the one that the protocol says.
function receivedOf(span: any): ReceivedSpan {
  return {
    name: span.name,
    kind: span.kind,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    attributes: valuesOf(span.attributes),
    links: span.links.map((link: { traceId: string; spanId: string }) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
    })),
    status: span.status?.code ?? 'STATUS_CODE_UNSET',
    failure: span.status?.message ?? '',
    nanos: BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano),
  }
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex')
}

function valuesOf(pairs: readonly { readonly key: string; readonly value: Fields }[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plain(value)]))
}

function plain(value: Fields): unknown {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value
  if (arrayValue != null) return (arrayValue as { values: Fields[] }).values.map(plain)
  if (intValue != null) return Number(intValue)
  return stringValue ?? boolValue ?? doubleValue
}
