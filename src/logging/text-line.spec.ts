// Log lines for people: what stands in them, in which order, and what a client's text cannot do to a terminal.
import { createLogger } from './logger.js'
import { textLine } from './text-line.js'

function told(work: (logger: ReturnType<typeof createLogger>) => void, colours = false): string {
  let text = ''
  work(createLogger('trace', { write: line => (text += textLine(line, colours)) }))
  return text
}

test('time, level, component, message and the rest, on one line', () => {
  const line = told(logger => logger.warn({ component: 'storage', file: 'a b', n: 1 }, 'left alone'))
  expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}storage {5}left alone file="a b" n=1\n$/)
})

test('the id of a request is in its line, that of the run in none', () => {
  expect(told(logger => logger.info({ correlation_id: 'mine' }, 'a'))).toContain('correlation_id=mine')
  expect(told(logger => logger.info('a'))).not.toContain('correlation_id')
})

test('colours only when they are wanted', () => {
  expect(told(logger => logger.error('a'), true)).toContain('\x1b[31merror\x1b[0m')
  expect(told(logger => logger.error('a'))).not.toContain('\x1b')
})

test('a defect shows its stack, an error of the catalogue its message alone', () => {
  const defect = told(logger => logger.error({ error: new Error('broken') }, 'a'))
  expect(defect).toMatch(/ a\n {4}Error: broken\n {8}at /)
  const known = told(logger => logger.error({ error: Object.assign(new Error('full'), { code: 'DISK_FULL' }) }, 'a'))
  expect(known).toMatch(/ a\n {4}full\n$/)
})

test('what a client wrote moves no cursor and begins no line', () => {
  const line = told(logger => logger.info({ 'a\x1b[2J': 'b\x9b\n' }, 'c\r\x07'))
  expect(line.trimEnd()).not.toMatch(/\p{Cc}/u)
  expect(line).toContain('c\\u000d\\u0007')
})
