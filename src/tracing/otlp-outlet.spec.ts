// The queue in front of the collector: what does not fit is dropped and counted, and the end waits only so long.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SpanReceiver } from '../../test/support/otlp/span-receiver.js'
import { openOtlp } from './otlp-outlet.js'
import type { FinishedSpan } from './span.js'

const span = (n: number): FinishedSpan => ({
  kind: 'append',
  name: 'event_store.append',
  place: { traceId: 'a'.repeat(32), spanId: (n + 1).toString(16).padStart(16, '0') },
  parent: undefined,
  link: undefined,
  state: undefined,
  begun: 1_000_000.25,
  ended: 1_000_002.5,
  attributes: { 'event.count': n },
  failure: undefined,
})
const failures: number[] = []
let receiver: SpanReceiver

beforeAll(async () => {
  receiver = await SpanReceiver.open()
})
afterAll(() => receiver.close())

const outletTo = (url: string) =>
  openOtlp({ url, headers: {}, nodeId: 'n', version: '1', onFailure: spans => failures.push(spans) })

test('what the queue does not hold is dropped and counted, and the rest is sent at the end', async () => {
  const outlet = await outletTo(receiver.url)
  for (let n = 0; n < 3_000; n++) outlet.put(span(n))
  expect(outlet.counts).toEqual({ exported: 0, failed: 0, dropped: 952 })
  await outlet.end()
  expect(outlet.counts).toEqual({ exported: 2_048, failed: 0, dropped: 952 })
  expect(new Set(receiver.spans.map(({ spanId }) => spanId)).size).toBe(2_048)
  expect(receiver.spans[0]?.nanos).toBe(2_250_000n)
  expect(new Set(receiver.groups)).toEqual(new Set([1]))
})

test('a collector that takes everything and answers nothing does not hold the end up', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await new Promise(listening => silent.once('listening', listening))
  const outlet = await outletTo(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
  outlet.put(span(1))
  const begun = performance.now()
  await outlet.end()
  expect(performance.now() - begun).toBeLessThan(10_000)
  silent.closeAllConnections()
  silent.close()
})
