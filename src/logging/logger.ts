// The one pino logger of the process: JSON lines with timestamp, level, component, correlation_id and message.
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'
import { currentCorrelationId } from './correlation.js'

export function createLogger(level: LevelWithSilent, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    messageKey: 'message',
    errorKey: 'error',
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin,
    onChild: rememberComponent,
  }
  return pino(options, destination ?? gathered())
}

const GATHER_BYTES = 4 * 1024
const GATHER_MS = 100

/** A system call for each line would cost a request as much as all its checks; `fatal` and the end of the process flush. */
function gathered(): DestinationStream {
  const stdout = pino.destination({ fd: 1, sync: false, minLength: GATHER_BYTES })
  setInterval(() => stdout.flush(), GATHER_MS).unref()
  return stdout
}

let newest = { at: 0, text: '' }

/** The same for all lines of a millisecond. */
function timestamp(): string {
  const at = Date.now()
  if (at !== newest.at) newest = { at, text: `,"timestamp":"${new Date(at).toISOString()}"` }
  return newest.text
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
