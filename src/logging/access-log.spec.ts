// The line of an answered request is the one that the logger itself would write.
import { AccessLog } from './access-log.js'
import { createLogger } from './logger.js'

function written(work: (logger: ReturnType<typeof createLogger>) => void, level: 'info' | 'warn' = 'info'): string[] {
  const lines: string[] = []
  work(createLogger(level, { write: line => lines.push(line) }))
  return lines
}

const APPENDED = { operation: 'POST /v1/events', status: 201 }

const timeless = (line: string | undefined) => line?.replace(/"timestamp":"[^"]+"/, '"timestamp":""')

test.each([
  ['of an agent', 'c-1', 'ada', undefined],
  ['of a stranger', 'c-2', undefined, undefined],
  ['in a trace', 'c-3', 'ada', '4bf92f3577b34da6a3ce929d0e0e4736'],
  ['whose names have to be quoted', 'c"\\', 'a "name" \n of \u2028 many', undefined],
])('the line of a request %s is that of the logger', (_what, correlationId, agentId, traceId) => {
  const [mine] = written(logger => {
    new AccessLog(logger).line('info', APPENDED)?.write(correlationId, agentId, traceId, 1.23456)
  })
  const [reference] = written(logger =>
    logger.child({ component: 'http' }).info(
      {
        correlation_id: correlationId,
        agent_id: agentId,
        trace_id: traceId,
        operation_type: 'POST /v1/events',
        status: 201,
        duration_ms: 1.235,
      },
      'request answered',
    ),
  )
  expect(JSON.parse(mine as string)).toEqual(JSON.parse(timedAs(reference, mine)))
  expect(timeless(mine)).toMatch(/^\{"level":"info","timestamp":"","component":"http","correlation_id":/)
})

function timedAs(line: string | undefined, other: string | undefined): string {
  const time = /"timestamp":"[^"]+"/.exec(other as string)?.[0] as string
  return (line as string).replace(/"timestamp":"[^"]+"/, time)
}

test('a level that is not logged has no line', () => {
  written(logger => {
    expect(new AccessLog(logger).line('info', APPENDED)).toBeUndefined()
  }, 'warn')
})

test('of many answers alike each tenth has a line that says so, the first among them', () => {
  const lines = written(logger => {
    const line = new AccessLog(logger, { oneIn: 10, slowMs: 0 }).line('info', APPENDED)
    for (let n = 0; n < 25; n++) if (line?.isDue() === true) line.write(`c-${n}`, 'ada', undefined, 1)
  })
  expect(lines.map(line => JSON.parse(line) as object)).toMatchObject(
    [0, 10, 20].map(n => ({ correlation_id: `c-${n}`, one_in: 10 })),
  )
})

test.each([
  ['that failed', { status: 400 }],
  ['to an administrator', { remarkable: true }],
])('each answer %s has a line', (_which, more) => {
  const lines = written(logger => {
    const line = new AccessLog(logger, { oneIn: 10, slowMs: 0 }).line('info', { ...APPENDED, ...more })
    for (let n = 0; n < 3; n++) if (line?.isDue() === true) line.write(`c-${n}`, 'ada', undefined, 1)
  })
  expect(lines).toHaveLength(3)
  expect(lines.map(line => JSON.parse(line) as object)).not.toContainEqual(expect.objectContaining({ one_in: 10 }))
})
