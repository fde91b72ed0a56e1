// What Nest says reaches the log when it is a warning or an error, and what the services say always does.
import { createLogger } from '../logging/logger.js'
import { nestLog } from './nest-log.js'

const lines: { component: string; level: string; message: string }[] = []
const log = nestLog(createLogger('debug', { write: line => lines.push(JSON.parse(line)) }))

test('the lines of services, and of Nest its warnings and errors', () => {
  log.log('Mapped {/v1/events, GET} route', 'RouterExplorer')
  log.log('Starting Nest application...', 'NestFactory')
  log.log('the log is recovered', 'storage')
  log.warn('a route is deprecated', 'LegacyRouteConverter')
  log.error('a defect', 'ExceptionsHandler')
  log.error(new Error('the port is in use'), undefined, 'ExceptionHandler')
  expect(lines.map(({ component, level }) => [component, level])).toEqual([
    ['storage', 'info'],
    ['LegacyRouteConverter', 'warn'],
    ['ExceptionsHandler', 'error'],
  ])
})
