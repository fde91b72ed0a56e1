// The one pino logger of the process: lines with timestamp, level, component, correlation_id and message.
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'
import { currentCorrelationId } from './correlation.js'
import { textLine } from './text-line.js'

export function createLogger(level: LevelWithSilent, destination: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    messageKey: 'message',
    errorKey: 'error',
    serializers: { error: errorPart },
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin,
    onChild: rememberComponent,
  }
  return pino(options, destination)
}

/** As pino writes an error, but what its causes repeat is said once. */
function errorPart(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return Object.assign(pino.stdSerializers.err(error), { message: messagesOf(error).join(': ') })
}

function messagesOf(error: Error): string[] {
  const said = new Set<string>()
  let at: unknown = error
  for (let depth = 0; at instanceof Error && depth < MOST_CAUSES; depth++) {
    said.add(at.message)
    at = at.cause
  }
  return [...said].filter(text => text.length > 0)
}

/** A chain of causes may lead back into itself. */
const MOST_CAUSES = 16

/** Each write costs as much as dozens of lines. */
const GATHER_CHARS = 64 * 1024
const GATHER_MS = 100

/**
 * Standard output, and how to wait until all that was logged has reached it, in order. An exit without that wait loses
 * no line, but nothing can wait then for a write on its way, and what is written last may come before it or into it.
 */
export interface LogOutput extends DestinationStream {
  flushed(): Promise<void>
}

/** `colours` is given where lines are for people. */
export function logOutput(colours: boolean | undefined): LogOutput {
  const stdout = gathered()
  const { flushed } = stdout
  // JSON goes straight to the stream, which costs a line nothing.
  if (colours === undefined) return stdout
  const write = (line: string) => void stdout.write(textLine(line, colours))
  return Object.assign({ write, flushSync: () => stdout.flushSync() }, { flushed })
}

/**
 * Gathers lines, because a write for each would cost a request as much as all its checks; `fatal` and exit flush. The
 * stream would gather them too, but it measures all that it holds anew with each line.
 */
function gathered(): LogOutput & { flushSync(): void } {
  let lines = ''
  const pass = () => {
    if (lines !== '') stdout.write(lines)
    lines = ''
  }
  // Before the stream hears of it and closes itself.
  process.once('beforeExit', pass)
  // Without a least length its flush would not wait for what is being written.
  const stdout = pino.destination({ fd: 1, sync: false, minLength: 1 })
  const flushSync = () => {
    pass()
    stdout.flushSync()
  }
  setInterval(pass, GATHER_MS).unref()
  process.once('exit', flushSync)
  return {
    write: line => {
      lines += line
      if (lines.length >= GATHER_CHARS) pass()
    },
    flushSync,
    flushed: () => {
      pass()
      return new Promise(done => stdout.flush(() => done()))
    },
  }
}

let newest = { at: 0, text: '' }

/** The text is made once for all lines of the same millisecond. */
export function timestamp(): string {
  const at = Date.now()
  if (at !== newest.at) newest = { at, text: `,"timestamp":"${new Date(at).toISOString()}"` }
  return newest.text
}

/** Marks a logger that already carries its component, because JSON must not hold a key twice. */
const named = Symbol('named')

function rememberComponent(child: Logger & { [named]?: true }): void {
  if ('component' in child.bindings()) child[named] = true
}

/** Adds to a line what its logger does not carry. */
function mixin(_line: object, _level: number, logger: Logger): object {
  const correlation = { correlation_id: currentCorrelationId() }
  return named in logger ? correlation : { component: 'lighthouse', ...correlation }
}
