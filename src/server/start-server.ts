// Assembles the application, opens its port, and ends it in order on a signal.
import 'reflect-metadata'
import { resolve } from 'node:path'
import type { Server as TlsServer } from 'node:tls'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Logger } from 'pino'
import { serverOf } from '../app.module.js'
import type { AmongThreads } from '../config/config.module.js'
import type { Settings } from '../config/settings.js'
import { SERVER_EXIT } from '../failures/exit-codes.js'
import { FatalCauses } from '../failures/fatal-causes.js'
import { Watchdog } from '../failures/watchdog.js'
import type { LogOutput } from '../logging/logger.js'
import { Signals } from '../signals/signals.js'
import { memoryOfLimits, SharedLimits } from '../threads/shared-limits.js'
import { ThisThread, WRITER_THREAD } from '../threads/this-thread.js'
import { Certificate } from './certificate.js'
import { adoptSecret, greet, keepSecret } from './first-words.js'
import { claimPort, FrontThreads, frontThreadsOf, portCanBeShared } from './front-threads.js'
import { ACCEPT_BACKLOG, configureHttpServer, createHttpAdapter } from './http-server.js'
import { nestLog } from './nest-log.js'
import { giveBackWhenIdle, releaseStartupMemory } from './release-startup-memory.js'

/** The time for a shutdown in order, shorter than the 30 s that orchestrators wait before they kill. */
const shutdownDeadlineMs = 20_000

/** What there is before the application, and whom it tells that it cannot go on. */
export interface ServerProcess {
  readonly settings: Settings
  readonly logger: Logger
  readonly output: LogOutput
  fail(error: unknown): never
}

export async function startServer(server: ServerProcess): Promise<void> {
  const { settings, logger, output } = server
  adoptSecret(settings, logger)
  const certificate = await Certificate.of(settings)
  const count = await frontThreads(settings, logger)
  const among = count === 0 ? {} : amongThreads(count)
  const adapter = createHttpAdapter(undefined, certificate)
  const app = await NestFactory.create<NestFastifyApplication>(serverOf(settings, logger, among), adapter, {
    logger: nestLog(logger),
    abortOnError: false,
    // The parsers are our own: see wire/body.ts.
    bodyParser: false,
  })
  const fronts = count === 0 ? undefined : new FrontThreads(app, server)
  const close = async () => {
    await fronts?.end()
    await app.close()
  }
  try {
    configureHttpServer(app, logger)
    endInOrder(close, server)
    await app.init()
    keepSecret(settings, app, logger)
    releaseStartupMemory()
    giveBackWhenIdle()
    endByItself(app, server)
    // Also of a writer, which listens on no port but tells how long its certificate holds.
    certificate?.follow(app.getHttpServer() as unknown as TlsServer, logger)
    if (fronts === undefined) {
      await app.listen({ port: settings.port, host: settings.host, backlog: ACCEPT_BACKLOG })
    } else {
      // Only now, because the server before this one has the port until it gives up the directory.
      await claimPort(settings)
      await fronts.start(count)
    }
  } catch (error) {
    // The store is open by now, and a clean mark spares the next start a scan.
    await close().catch(() => undefined)
    throw error
  }
  await greet(app, settings, { logger, output, url: fronts?.url ?? (await app.getUrl()) })
}

/** None where one thread does everything. */
async function frontThreads(settings: Settings, logger: Logger): Promise<number> {
  const wanted = frontThreadsOf(settings)
  if (wanted === 0 || (await portCanBeShared())) return wanted
  logger.warn({ threads: settings.threads }, 'this system does not share a port between threads, so one thread serves')
  return 0
}

/** The writer of so many front threads. */
function amongThreads(fronts: number): Required<AmongThreads> {
  const limits = new SharedLimits(WRITER_THREAD, memoryOfLimits(fronts + 1))
  return { thread: new ThisThread(WRITER_THREAD, undefined, undefined, fronts), limits }
}

/** The first signal begins the shutdown and later ones are ignored; at the deadline the process fails. */
function endInOrder(close: () => Promise<void>, { logger, output, fail }: ServerProcess): void {
  let ending = false
  const end = (signal: NodeJS.Signals) => {
    if (ending) return
    ending = true
    logger.info({ signal }, 'shutting down')
    setTimeout(() => fail(new Error(`shutdown took longer than ${shutdownDeadlineMs} ms`)), shutdownDeadlineMs).unref()
    close().then(() => {
      logger.info('stopped')
      void output.flushed().finally(() => process.exit(SERVER_EXIT.ok))
    }, fail)
  }
  process.on('SIGTERM', end).on('SIGINT', end)
}

/** From here on a process that cannot go on ends with the code that says why, and whoever started it starts it anew. */
function endByItself(app: NestFastifyApplication, { settings, logger, output }: ServerProcess): void {
  const { env, dataDir, watchdogSeconds } = settings
  new FatalCauses(app.get(Signals), {
    directory: resolve(dataDir),
    production: env === 'production',
    nowMs: Date.now,
    end: (code, why) => {
      logger.fatal({ code }, `the process ends: ${why}`)
      void output.flushed().finally(() => process.exit(code))
    },
  })
  if (watchdogSeconds > 0) new Watchdog({ limitMs: watchdogSeconds * 1_000 })
}
