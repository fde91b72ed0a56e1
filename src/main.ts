// Starts the server: options, settings and the logger, then the application; and says why where it cannot.
import { loadSettings, unknownVariables } from './config/load-settings.js'
import { BadSettings } from './config/parse-settings.js'
import type { Settings } from './config/settings.js'
import { SERVER_EXIT } from './failures/exit-codes.js'
import { createLogger, logOutput } from './logging/logger.js'
import { refusalLines, refusalOf } from './server/refused-start.js'
import { BadOptions, readStartOptions, START_HELP } from './server/start-options.js'
import type { ServerProcess } from './server/start-server.js'

async function start(settings: Settings): Promise<void> {
  const server = processFor(settings)
  try {
    // Only now, because what takes longest is not needed to refuse an option or to print the help.
    const { startServer } = await import('./server/start-server.js')
    await startServer(server)
  } catch (error) {
    await refuse(server, error)
  }
}

function processFor(settings: Settings): ServerProcess {
  const { stdout } = process
  const forPeople = settings.logFormat === 'auto' ? stdout.isTTY : settings.logFormat === 'text'
  const output = logOutput(forPeople ? stdout.isTTY && stdout.hasColors() : undefined)
  const logger = createLogger(settings.logLevel, output)
  const fail = (error: unknown): never => {
    logger.fatal({ error }, 'the server cannot go on')
    process.exit(SERVER_EXIT.failed)
  }
  process.on('uncaughtException', fail).on('unhandledRejection', fail)
  for (const variable of unknownVariables(process.env)) logger.warn({ variable }, 'this variable sets nothing')
  return { settings, logger, output, fail }
}

/** In three lines for people, in one line of the log for what reads that. A stack only of what nobody has foreseen. */
async function refuse({ settings, logger, output, fail }: ServerProcess, error: unknown): Promise<never> {
  const refusal = refusalOf(error, settings)
  if (refusal === undefined) return fail(error)
  const { code, what, why, next } = refusal
  await output.flushed()
  if (readsWords(settings)) process.stderr.write(refusalLines(refusal))
  else logger.fatal({ code, next }, `${what}: ${why}`)
  process.exit(SERVER_EXIT.refused)
}

/** Whoever starts a development server is a person, wherever its output goes. */
function readsWords({ logFormat, env }: Settings): boolean {
  return logFormat === 'auto' ? process.stderr.isTTY || env !== 'production' : logFormat === 'text'
}

try {
  const { help, flags } = readStartOptions(process.argv.slice(2))
  if (help) process.stdout.write(START_HELP)
  else await start(loadSettings(process.env, undefined, flags))
} catch (error) {
  if (!(error instanceof BadSettings || error instanceof BadOptions)) throw error
  process.stderr.write(`${error instanceof BadOptions ? 'lighthouse: ' : ''}${error.message}\n`)
  process.exitCode = SERVER_EXIT.notUnderstood
}
