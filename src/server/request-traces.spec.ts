// Traces over a real server, received by a collector that decodes the published protocol.
import { EventSourceReader } from '../../test/support/event-source-reader.js'
import {
  ADMIN,
  agent,
  bearerOf,
  jsonOf,
  type ServerUnderTest,
  startServer,
} from '../../test/support/http-server-under-test.js'
import { type ReceivedSpan, SpanReceiver } from '../../test/support/otlp/span-receiver.js'
import { StreamClient } from '../../test/support/stream-client.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { FIRST_MODE } from '../degradation/next-mode.js'
import { EventsModule } from '../events/events.module.js'
import { GroupsModule } from '../groups/groups.module.js'
import { Metrics } from '../metrics/metrics.js'
import { Tracing } from '../tracing/tracing.js'
import { WebSocketModule } from '../websocket/websocket.module.js'

let receiver: SpanReceiver
let server: ServerUnderTest

beforeAll(async () => {
  receiver = await SpanReceiver.open()
  server = await startServer([EventsModule, GroupsModule, WebSocketModule], {
    tracesUrl: receiver.url,
    tracesHeaders: { 'x-tenant': 'tests' },
    tracesPercent: 0,
    tracesPercentInTrouble: 100,
    tracesAgents: ['watched'],
    tracesOperations: ['GET /v1/events'],
  })
})
afterAll(async () => {
  await server.stop()
  await receiver.close()
})

let traces = 0
/** What a client sends that records its trace, or does not. */
function context(flags: '00' | '01') {
  const traceId = (++traces).toString(16).padStart(32, 'a')
  return { traceId, spanId: 'b'.repeat(16), traceparent: `00-${traceId}-${'b'.repeat(16)}-${flags}` }
}

const event = (stream: string) => ({ type: 'Told', stream, data: {} })
const append = (stream: string, traceparent?: string, as = ADMIN) =>
  server.call('/v1/events', {
    as,
    json: event(stream),
    ...(traceparent === undefined ? undefined : { headers: { traceparent, tracestate: 'vendor=1' } }),
  })
const inTrace = (traceId: string, name: string) => (span: ReceivedSpan) =>
  span.traceId === traceId && span.name === name

test('a trace leads from a client through the append and its delivery to the reaction of another agent', async () => {
  const { traceId, spanId, traceparent } = context('01')
  const socket = await StreamClient.open(server.url, { authorization: bearerOf(agent('reader', 'admin')) })
  socket.send({ type: 'subscribe', id: 's', filter: { streams: ['story'] } })
  await socket.next('subscribed')
  const answer = await append('story', traceparent)
  expect(answer.headers.get('traceresponse')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
  const { event: seen } = await socket.next('event')
  await append('story_reaction', seen.traceparent, agent('reader', 'admin'))
  await socket.close()

  const request = await receiver.span(inTrace(traceId, 'POST /v1/events'))
  expect(request).toMatchObject({ kind: 'SPAN_KIND_SERVER', parentSpanId: spanId, traceState: 'vendor=1' })
  expect(request.attributes).toMatchObject({ 'http.response.status_code': 201, 'lighthouse.agent_id': 'operator' })
  const stored = await receiver.span(inTrace(traceId, 'event_store.append'))
  expect(stored).toMatchObject({
    parentSpanId: request.spanId,
    status: 'STATUS_CODE_UNSET',
    kind: 'SPAN_KIND_PRODUCER',
  })
  expect(stored.nanos).toBeGreaterThan(0n)
  expect(stored.attributes).toMatchObject({
    'event.type': ['Told'],
    'event.count': 1,
    'event.stream': ['story'],
    'event.id': [seen.id],
    'lighthouse.agent_id': 'operator',
    'lighthouse.position': seen.position,
    'lighthouse.outcome': 'appended',
    'operation.success': true,
  })
  expect(seen.traceparent).toBe(`00-${traceId}-${stored.spanId}-01`)
  const delivered = await receiver.span(inTrace(traceId, 'event_store.deliver'))
  expect(delivered).toMatchObject({
    kind: 'SPAN_KIND_CONSUMER',
    parentSpanId: stored.spanId,
    links: [{ traceId, spanId: stored.spanId }],
    attributes: { 'lighthouse.agent_id': 'reader', 'lighthouse.surface': 'websocket', 'event.id': seen.id },
  })
  const reaction = await receiver.span(span => span.name === 'POST /v1/events' && span.parentSpanId === stored.spanId)
  expect(reaction).toMatchObject({ traceId, attributes: { 'lighthouse.agent_id': 'reader' } })
  expect(receiver.services).toContain('lighthouse')
  expect(receiver.headers[0]).toMatchObject({ 'x-tenant': 'tests' })
})

test('server-sent events and takes of a group are deliveries, too', async () => {
  const reader = await EventSourceReader.open(`${server.url}/v1/events?stream=taken`, {
    authorization: bearerOf(ADMIN),
  })
  await server.call('/v1/subscriptions/takers', {
    method: 'PUT',
    json: { filter: { streams: ['taken'] }, after: 0 },
  })
  const { traceId, traceparent } = context('01')
  await append('taken', traceparent)
  await jsonOf(server.call('/v1/subscriptions/takers/take', { json: { waitMs: 5_000 } }))
  await reader.all('event', 1)
  reader.close()
  const surface = (name: string) => (span: ReceivedSpan) =>
    span.traceId === traceId && span.attributes['lighthouse.surface'] === name
  await receiver.span(surface('sse'))
  await receiver.span(surface('group'))
})

test('an append over a socket has the trace of its frame', async () => {
  const { traceId, spanId, traceparent } = context('01')
  const socket = await StreamClient.open(server.url, { authorization: bearerOf(ADMIN) })
  socket.send({ type: 'append', id: 'a', events: [event('framed')], traceparent })
  await socket.next('appended')
  await socket.close()
  const stored = await receiver.span(inTrace(traceId, 'event_store.append'))
  expect(stored.parentSpanId).toBe(spanId)
})

test('what the caller does not record is recorded for named agents and operations alone', async () => {
  const { url } = server
  const [quiet, watched, listed] = [context('00'), context('00'), context('00')]
  const { position } = await jsonOf(append('quiet', quiet.traceparent))
  await append('watched', watched.traceparent, agent('watched', 'admin'))
  await fetch(`${url}/v1/events`, { headers: { authorization: bearerOf(ADMIN), traceparent: listed.traceparent } })
  await receiver.span(inTrace(watched.traceId, 'event_store.append'))
  await receiver.span(inTrace(listed.traceId, 'GET /v1/events'))
  expect(receiver.spans.filter(({ traceId }) => traceId === quiet.traceId)).toEqual([])
  const stored = await server.store.find(position)
  expect(stored?.traceparent).toBe(quiet.traceparent)
})

test('a failure of the service is recorded whatever was decided, in the trace that its problem names', async () => {
  const mode = server.app.get(ModeHolder, { strict: false })
  mode.enter({ ...FIRST_MODE, mode: 'EMERGENCY' }, 'a test says so')
  const tracing = server.app.get(Tracing, { strict: false })
  tracing.recordMoreWhile(() => false)
  const answer = await append('refused')
  mode.enter(FIRST_MODE, '')
  expect(answer.status).toBe(503)
  const { traceId } = await jsonOf(answer)
  const failed = await receiver.span(inTrace(traceId, 'event_store.append'))
  expect(failed).toMatchObject({ status: 'STATUS_CODE_ERROR', failure: 'MODE_FORBIDS' })
  const request = await receiver.span(inTrace(traceId, 'POST /v1/events'))
  expect(request).toMatchObject({ status: 'STATUS_CODE_ERROR', spanId: failed.parentSpanId })
})

test('more is recorded while the mode is not NORMAL', async () => {
  const mode = server.app.get(ModeHolder, { strict: false })
  const tracing = server.app.get(Tracing, { strict: false })
  tracing.recordMoreWhile(() => mode.current !== 'NORMAL')
  expect((await append('normal')).headers.get('traceresponse')).toBeNull()
  mode.enter({ ...FIRST_MODE, mode: 'WARNING' }, 'a test says so')
  expect((await append('warned')).headers.get('traceresponse')).toMatch(/-01$/)
  mode.enter(FIRST_MODE, '')
})

test('spans that the collector does not take are counted, and no request waits for them', async () => {
  const metrics = server.app.get(Metrics, { strict: false })
  receiver.status = 400
  const { traceparent } = context('01')
  const failed = async () => Number(/spans_total\{outcome="failed"\} (\d+)/.exec(await metrics.text())?.[1])
  while ((await failed()) < 2) {
    expect((await append('uncollected', traceparent)).status).toBe(201)
    await receiver.more()
  }
  receiver.status = 200
  expect(await metrics.text()).toMatch(/spans_total\{outcome="exported"\} [1-9]/)
})
