// Log lines: JSON with the promised keys, each once, and the correlation id of the request at work.
import { withCorrelationId } from './correlation.js'
import { createLogger } from './logger.js'

function linesOf(work: (logger: ReturnType<typeof createLogger>) => void, level: 'info' | 'warn' = 'info'): string[] {
  const lines: string[] = []
  work(createLogger(level, { write: line => lines.push(line) }))
  return lines
}

test('a line has timestamp, level, component, correlation_id and message', () => {
  const [line = ''] = linesOf(logger => logger.info('hello'))
  expect(JSON.parse(line)).toEqual({
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    level: 'info',
    component: 'lighthouse',
    correlation_id: expect.stringMatching(/^run-/),
    message: 'hello',
  })
})

test.each([
  ['of a child', (logger: ReturnType<typeof createLogger>) => logger.child({ component: 'engine' }).info('a')],
  [
    'of a grandchild',
    (logger: ReturnType<typeof createLogger>) => logger.child({ component: 'engine' }).child({}).info('a'),
  ],
  ['of the line', (logger: ReturnType<typeof createLogger>) => logger.info({ component: 'engine' }, 'a')],
])('the component %s is named once', (_of, work) => {
  const [line = ''] = linesOf(work)
  expect(line.match(/"component":"[^"]*"/g)).toEqual(['"component":"engine"'])
})

test('what a request logs carries its correlation id, later steps included', async () => {
  const lines: string[] = []
  const logger = createLogger('info', { write: line => lines.push(line) })
  await withCorrelationId('abc', async () => {
    await Promise.resolve()
    logger.info('inside')
  })
  logger.info('outside')
  expect(lines.map(line => JSON.parse(line).correlation_id)).toEqual(['abc', expect.stringMatching(/^run-/)])
})

test('a line below the level is not written', () => {
  expect(linesOf(logger => logger.info('a'), 'warn')).toEqual([])
})

test('an error says once what its causes say too, and what only they say', () => {
  const cause = new Error('the disk is full', { cause: new Error('the disk took 0 of 100 bytes') })
  const error = new Error('the disk is full', { cause })
  const [line = ''] = linesOf(logger => logger.error({ error }, 'a request failed'))
  expect(JSON.parse(line)).toMatchObject({
    message: 'a request failed',
    error: {
      type: 'Error',
      message: 'the disk is full: the disk took 0 of 100 bytes',
      stack: expect.stringContaining('logger.spec'),
    },
  })
})

test('an error that is its own cause is told all the same', () => {
  const error = new Error('round')
  error.cause = error
  const [line = ''] = linesOf(logger => logger.error(error))
  expect(JSON.parse(line)).toMatchObject({ error: { message: 'round' } })
})
