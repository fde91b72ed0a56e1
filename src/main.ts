// Starts the server (settings, logger, application, port), and ends it in order on a signal.
import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Logger as NestLogger } from 'nestjs-pino'
import type { Logger } from 'pino'
import { developmentToken } from './api-docs/development-token.js'
import { serverOf } from './app.module.js'
import { AuthOptions } from './auth/auth-options.js'
import { loadSettings, unknownVariables } from './config/load-settings.js'
import { BadSettings } from './config/parse-settings.js'
import type { Settings } from './config/settings.js'
import { createLogger } from './logging/logger.js'
import { configureHttpServer, createHttpAdapter } from './server/http-server.js'
import { giveBackWhenIdle, releaseStartupMemory } from './server/release-startup-memory.js'
import { startupBanner } from './server/startup-banner.js'

/** The system keeps this many connections until they are accepted; those beyond it wait for seconds and try again. */
const ACCEPT_BACKLOG = 4_096
/** The time for a shutdown in order, shorter than the 30 s that orchestrators wait before they kill. */
const shutdownDeadlineMs = 20_000

async function start(settings: Settings, logger: Logger): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(serverOf(settings, logger), createHttpAdapter(), {
    bufferLogs: true,
    abortOnError: false,
    // The parsers are our own: see wire/body.ts.
    bodyParser: false,
  })
  app.useLogger(app.get(NestLogger))
  configureHttpServer(app, logger)
  endInOrder(app, logger)
  await app.init()
  releaseStartupMemory()
  giveBackWhenIdle()
  await app.listen({ port: settings.port, host: settings.host, backlog: ACCEPT_BACKLOG })
  const address = await app.getUrl()
  logger.info({ address, env: settings.env, node: process.versions.node }, 'listening')
  const token = await developmentToken(settings, app.get(AuthOptions, { strict: false }))
  if (token !== undefined) process.stderr.write(startupBanner(address, token))
  return app
}

/** The first signal begins the shutdown and later ones are ignored; at the deadline the process fails. */
function endInOrder(app: NestFastifyApplication, logger: Logger): void {
  let ending = false
  const end = (signal: NodeJS.Signals) => {
    if (ending) return
    ending = true
    logger.info({ signal }, 'shutting down')
    setTimeout(
      () => fail(logger, new Error(`shutdown took longer than ${shutdownDeadlineMs} ms`)),
      shutdownDeadlineMs,
    ).unref()
    app.close().then(
      () => {
        logger.info('stopped')
        process.exit(0)
      },
      (error: unknown) => fail(logger, error),
    )
  }
  process.on('SIGTERM', end).on('SIGINT', end)
}

function fail(logger: Logger, error: unknown): never {
  logger.fatal({ error }, 'the server cannot go on')
  process.exit(1)
}

try {
  const settings = loadSettings(process.env)
  const logger = createLogger(settings.logLevel)
  process.on('uncaughtException', error => fail(logger, error)).on('unhandledRejection', error => fail(logger, error))
  for (const variable of unknownVariables(process.env)) logger.warn({ variable }, 'this variable sets nothing')
  await start(settings, logger).catch((error: unknown) => fail(logger, error))
} catch (error) {
  if (!(error instanceof BadSettings)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
