// The one pino logger of the process: JSON lines with timestamp, level, component, correlation_id and message.
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'
import { currentCorrelationId } from './correlation.js'

export function createLogger(level: LevelWithSilent, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    messageKey: 'message',
    errorKey: 'error',
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin,
    onChild: rememberComponent,
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** Loggers made for a component carry its name already, and JSON must not hold a key twice. */
const named = Symbol('named')

function rememberComponent(child: Logger & { [named]?: true }): void {
  if ('component' in child.bindings()) child[named] = true
}

/** What every line says unless it says so itself. */
function mixin(_line: object, _level: number, logger: Logger): object {
  const correlation = { correlation_id: currentCorrelationId() }
  return named in logger ? correlation : { component: 'lighthouse', ...correlation }
}
