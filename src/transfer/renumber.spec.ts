// Events on their way into another store: which come together, under which key, and what their links say there.
import type { SaidEvent } from '../contract/event.js'
import type { ExportedEvent } from './exported-event.js'
import { type RenumberedBatch, renumber } from './renumber.js'

const event = (n: number, parts: Partial<SaidEvent> = {}): SaidEvent => ({
  id: `${n}_0_a`,
  position: n,
  stream: 's',
  revision: n - 1,
  type: 't',
  schemaVersion: 1,
  tags: ['x'],
  timestamp: `time ${n}`,
  agentId: 'a',
  checksum: '00',
  data: { n },
  ...parts,
})

async function* exported(events: readonly SaidEvent[]): AsyncGenerator<ExportedEvent> {
  for (const [i, of] of events.entries()) yield { line: i + 1, event: of }
}

async function into(events: readonly SaidEvent[]) {
  const batches: RenumberedBatch[] = []
  const map: string[][] = []
  const append = async (batch: RenumberedBatch) => {
    batches.push(batch)
    return batch.ids.map(id => `9${id}`)
  }
  const report = await renumber(exported(events), append, (from, to) => map.push([from, to]))
  return { batches, map, report, sent: batches.flatMap(batch => batch.events) }
}

test('what the client chose goes over; what was recorded there happened then', async () => {
  const all = { correlationId: 'c', sessionId: 's', metadata: { m: 1 }, onBehalfOf: ['p'], traceparent: '00' }
  const { batches, map, report } = await into([event(1, all), event(2, { ...all, occurredAt: 'earlier' })])
  expect(batches).toHaveLength(1)
  const chosen = { type: 't', stream: 's', schemaVersion: 1, tags: ['x'] }
  const told = { correlationId: 'c', sessionId: 's', metadata: { m: 1 } }
  expect(batches[0]?.events).toEqual([
    { ...chosen, ...told, data: { n: 1 }, occurredAt: 'time 1' },
    { ...chosen, ...told, data: { n: 2 }, occurredAt: 'earlier' },
  ])
  expect(batches[0]?.author).toEqual({ agentId: 'a', onBehalfOf: ['p'], traceparent: '00' })
  expect(map).toEqual([
    ['1_0_a', '91_0_a'],
    ['2_0_a', '92_0_a'],
  ])
  expect(report).toEqual({ appended: 2, leftOut: 0, foreignLinks: 0 })
})

test('links among them lead to the new ids, and others are kept and counted', async () => {
  const events = [
    event(1),
    event(2, { causationId: '1_0_a' }),
    event(3, { causationId: '7_0_b', parents: ['2_0_a', '1_0_a'] }),
  ]
  const { batches, sent, report } = await into(events)
  expect(batches.map(({ ids }) => ids)).toEqual([['1_0_a'], ['2_0_a'], ['3_0_a']])
  expect(sent[1]?.causationId).toBe('91_0_a')
  expect(sent[2]).toMatchObject({ causationId: '7_0_b', parents: ['92_0_a', '91_0_a'] })
  expect(report.foreignLinks).toBe(1)
})

test('a batch has one author, a hundred events at most, and a mebibyte or little more', async () => {
  const { batches } = await into([event(1), event(2, { agentId: 'b' }), event(3, { agentId: 'b' }), event(4)])
  expect(batches.map(({ ids, author }) => [ids.length, author.agentId])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [1, 'a'],
  ])
  const many = await into(Array.from({ length: 250 }, (_, i) => event(i + 1)))
  expect(many.batches.map(({ ids }) => ids.length)).toEqual([100, 100, 50])
  const large = await into(Array.from({ length: 5 }, (_, i) => event(i + 1, { data: { text: 'x'.repeat(600_000) } })))
  expect(large.batches.map(({ ids }) => ids.length)).toEqual([2, 2, 1])
})

test('the same events are the same batches under the same keys', async () => {
  const events = Array.from({ length: 150 }, (_, i) => event(i + 1))
  const [first, again] = [await into(events), await into(events)]
  expect(again.batches).toEqual(first.batches)
  expect(new Set(first.batches.map(({ key }) => key)).size).toBe(2)
})

test('streams of the service tell of another store', async () => {
  const { sent, report } = await into([event(1, { stream: '$security', agentId: '$service' }), event(2)])
  expect([sent.length, report.leftOut]).toEqual([1, 1])
})
