// The bytes of a batch say what the library's own writer would say of the same spans.
import { fileURLToPath } from 'node:url'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { OtlpWriter } from './otlp-writer.js'
import type { FinishedSpan, SpanPlace } from './span.js'

const resource = { 'service.name': 'lighthouse', 'service.instance.id': 'Knoten-ä' }
const scope = { name: 'lighthouse.event_store', version: '1.2.3' }
const kinds = { request: SpanKind.SERVER, append: SpanKind.PRODUCER, delivery: SpanKind.CONSUMER }
const writer = new OtlpWriter({ resource, scope })
let published: protobuf.Type

beforeAll(async () => {
  const proto = fileURLToPath(new URL('../../test/support/otlp/trace.proto', import.meta.url))
  published = (await protobuf.load(proto)).lookupType('opentelemetry.proto.ExportTraceServiceRequest')
})

const hex = (digits: number) =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits }).map(all => all.join(''))
const place: fc.Arbitrary<SpanPlace> = fc.record({ traceId: hex(32), spanId: hex(16) })
const word = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ minLength: 120, maxLength: 300 }),
)
const value = fc.oneof(
  word,
  fc.boolean(),
  fc.nat(),
  fc.maxSafeNat(),
  fc.double({ noNaN: true, min: 0.001, max: 1e6 }),
  fc.array(word, { maxLength: 10 }),
  fc.constant(undefined),
)
const finished: fc.Arbitrary<FinishedSpan> = fc.record({
  kind: fc.constantFrom('request', 'append', 'delivery'),
  name: word.filter(text => text !== ''),
  place,
  parent: fc.option(place, { nil: undefined }),
  link: fc.option(place, { nil: undefined }),
  state: fc.constant(undefined),
  begun: fc.nat(2 ** 31 - 1).map(seconds => seconds * 1_000 + 0.25),
  ended: fc.nat(2 ** 31 - 1).map(seconds => seconds * 1_000 + 999.5),
  attributes: fc.dictionary(fc.constantFrom('event.type', 'event.count', 'lighthouse.agent_id', 'ü'), value),
  failure: fc.option(word, { nil: undefined }),
})

function contextOf({ traceId, spanId }: SpanPlace) {
  return { traceId, spanId, traceFlags: 1 }
}

/** In whole seconds, and the rest in nanoseconds. */
function timeOf(ms: number): [number, number] {
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1e6]
}

function asLibrary(span: FinishedSpan): ReadableSpan {
  const { parent, link, failure } = span
  return {
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => contextOf(span.place),
    parentSpanContext: parent === undefined ? undefined : contextOf(parent),
    startTime: timeOf(span.begun),
    endTime: timeOf(span.ended),
    duration: [0, 0],
    status: failure === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
    attributes: Object.fromEntries(Object.entries(span.attributes).filter(([, given]) => given !== undefined)),
    links: link === undefined ? [] : [{ context: contextOf(link) }],
    events: [],
    ended: true,
    resource: resourceOfAll,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  } as unknown as ReadableSpan
}

const resourceOfAll = resourceFromAttributes(resource)

function read(bytes: Uint8Array): unknown {
  return published.toObject(published.decode(bytes), { longs: String, bytes: String, defaults: true })
}

test('any spans are written as the library writes them', () => {
  fc.assert(
    fc.property(fc.array(finished, { minLength: 1, maxLength: 8 }), spans => {
      const library = ProtobufTraceSerializer.serializeRequest(spans.map(asLibrary)) as Uint8Array
      expect(read(writer.batchOf(spans))).toEqual(read(library))
    }),
    { numRuns: 200 },
  )
})

test('what was written stays as it was when the next batch is written', () => {
  const [one, two] = fc.sample(finished, 2) as [FinishedSpan, FinishedSpan]
  const first = writer.batchOf([one])
  const before = read(first)
  writer.batchOf([two, two])
  expect(read(first)).toEqual(before)
})

test('the state of a caller is passed on', () => {
  const [span] = fc.sample(finished, 1) as [FinishedSpan]
  const said = JSON.stringify(read(writer.batchOf([{ ...span, state: 'vendor=ä' }])))
  expect(said).toContain('vendor=ä')
})
