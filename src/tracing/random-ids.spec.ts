// Ids are what the standard asks for, and none comes twice, from one draw of random bytes to the next.
import { newSpanId, newTraceId } from './random-ids.js'

test('ids have their length, are not all zeros and do not repeat', () => {
  const [traces, spans] = [new Set<string>(), new Set<string>()]
  for (let n = 0; n < 5_000; n++) {
    traces.add(newTraceId())
    spans.add(newSpanId())
  }
  expect([traces.size, spans.size]).toEqual([5_000, 5_000])
  for (const id of traces) expect(id).toMatch(/^(?!0{32})[0-9a-f]{32}$/)
  for (const id of spans) expect(id).toMatch(/^(?!0{16})[0-9a-f]{16}$/)
})
