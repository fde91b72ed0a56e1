// An append or a page that takes long leaves a warning that says whose it was and what the process was busy with.
import { Logger } from '@nestjs/common'
import { metricsUnderTest } from '../../test/support/metrics-under-test.js'
import { ModeHolder } from '../degradation/mode-holder.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { Signals } from '../signals/signals.js'
import { openStore } from './open-store.js'
import { SlowOperations } from './slow-operations.js'

type Line = Readonly<Record<string, unknown>>

function loggerInto(lines: Line[]): Logger {
  return Object.assign(new Logger('storage'), { warn: (line: Line) => void lines.push(line) })
}

async function storeWith(slowMs: number | undefined, lines: Line[]) {
  const logger = loggerInto(lines)
  const parts = { logger, metrics: await metricsUnderTest(), mode: new ModeHolder(), signals: new Signals() }
  return (await openStore({ backend: 'memory', nodeId: 'n1' }, { ...parts, levels: new ServiceLevels(slowMs) })).store
}

const TOLD = [{ type: 'Told', stream: 's', data: {} }]
const author = {
  agentId: 'a',
  correlationId: 'of-this-request',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
}

test('an append beyond the bound is told with its caller, its request and what waits', async () => {
  const lines: Line[] = []
  // Every operation takes at least no time.
  const store = await storeWith(0, lines)
  await store.append({ events: TOLD, author })
  expect(lines).toEqual([
    {
      operation_type: 'event_store.append',
      duration_ms: expect.any(Number),
      event_count: 1,
      agent_id: 'a',
      correlation_id: 'of-this-request',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      queued: 0,
      queued_bytes: 0,
      resident_bytes: expect.any(Number),
      message: 'an operation took long',
    },
  ])
})

test('a page is told as well, and a read without an end is not', async () => {
  const lines: Line[] = []
  const store = await storeWith(0, lines)
  for await (const _ of store.read({}));
  expect(lines).toEqual([])
  for await (const _ of store.read({ limit: 10 }));
  expect(lines).toMatchObject([{ operation_type: 'event_store.read', event_count: 0 }])
})

test('an append that fails late is told too, and one within the bound is not', async () => {
  const [late, inTime]: [Line[], Line[]] = [[], []]
  const stores = [await storeWith(0, late), await storeWith(undefined, inTime)]
  const expectations = [{ stream: 's', expectedRevision: 7 }]
  for (const store of stores) await expect(store.append({ events: TOLD, author, expectations })).rejects.toThrow()
  expect([late.length, inTime.length]).toEqual([1, 0])
})

test('there is one line a second, which says how many were left out', () => {
  const lines: Line[] = []
  let now = 0
  const store = { status: () => ({ queued: 3, queuedBytes: 70 }) as never }
  const slow = new SlowOperations(loggerInto(lines), store, () => now)
  for (now = 0; now < 2_000; now += 100)
    slow.note({ operation_type: 'event_store.append', duration_ms: 1_500, event_count: 1 })
  expect(lines.map(({ untold, queued }) => [untold, queued])).toEqual([
    [undefined, 3],
    [9, 3],
  ])
})
