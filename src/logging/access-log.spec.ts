// The line of an answered request is the one that the logger itself would write.
import { AccessLog } from './access-log.js'
import { createLogger } from './logger.js'

function written(work: (logger: ReturnType<typeof createLogger>) => void, level: 'info' | 'warn' = 'info'): string[] {
  const lines: string[] = []
  work(createLogger(level, { write: line => lines.push(line) }))
  return lines
}

const timeless = (line: string | undefined) => line?.replace(/"timestamp":"[^"]+"/, '"timestamp":""')

test.each([
  ['of an agent', 'c-1', 'ada', undefined],
  ['of a stranger', 'c-2', undefined, undefined],
  ['in a trace', 'c-3', 'ada', '4bf92f3577b34da6a3ce929d0e0e4736'],
  ['whose names have to be quoted', 'c"\\', 'a "name" \n of \u2028 many', undefined],
])('the line of a request %s is that of the logger', (_what, correlationId, agentId, traceId) => {
  const [mine] = written(logger => {
    new AccessLog(logger).line('info', 'POST /v1/events', 201)?.write(correlationId, agentId, traceId, 1.23456)
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
    expect(new AccessLog(logger).line('info', 'POST /v1/events', 201)).toBeUndefined()
  }, 'warn')
})
