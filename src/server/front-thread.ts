// A front thread: the part of the server that every core can run, on the port that all front threads share.
import 'reflect-metadata'
import type { AddressInfo } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import { promisify } from 'node:util'
import { workerData } from 'node:worker_threads'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { TokenVerifier } from '../auth/token-verifier.js'
import { frontOf } from '../front.module.js'
import { createLogger } from '../logging/logger.js'
import { toldOutput } from '../logging/told-log.js'
import { FrontMetrics } from '../metrics/front-metrics.js'
import { Metrics } from '../metrics/metrics.js'
import { FrontMonitor } from '../monitors/front-monitor.js'
import { ServiceLevels } from '../monitors/service-levels.js'
import { SharedLimits } from '../threads/shared-limits.js'
import { ThisThread } from '../threads/this-thread.js'
import { ThreadCalls } from '../threads/thread-calls.js'
import { Certificate } from './certificate.js'
import { ALIVE, END, type FrontThreadData, LISTENING, PORT } from './front-thread-words.js'
import { ACCEPT_BACKLOG, configureHttpServer, createHttpAdapter } from './http-server.js'
import { nestLog } from './nest-log.js'
import { RequestRelay } from './relay/request-relay.js'
import { giveBackWhenIdle, releaseStartupMemory } from './release-startup-memory.js'

const { settings, number, calls, log, limits, tokenTimeMs } = workerData as FrontThreadData
const writer = new ThreadCalls(calls)
const logger = createLogger(settings.logLevel, toldOutput(writer)).child({ thread: number })

// The writer starts another thread in place of this one.
const fail = (error: unknown): never => {
  logger.fatal({ error }, 'the front thread cannot go on')
  process.exit(1)
}
process.on('uncaughtException', fail).on('unhandledRejection', fail)
// Without a writer there is nothing to serve, and nobody to serve it for.
writer.onGone(() => process.exit(1))
writer.answer(ALIVE, () => undefined)

const relay = await RequestRelay.connect(writer)
const certificate = await Certificate.of(settings)
const app = await NestFactory.create<NestFastifyApplication>(
  frontOf(settings, logger, { thread: new ThisThread(number, writer, log), limits: new SharedLimits(number, limits) }),
  createHttpAdapter(undefined, certificate),
  { logger: nestLog(logger), abortOnError: false, bodyParser: false },
)
app.get(TokenVerifier, { strict: false }).clock.notBefore(tokenTimeMs)
const counted = new FrontMetrics(app.get(Metrics, { strict: false })).serve(writer)
const server = app.getHttpServer()
const monitor = new FrontMonitor(app.get(ServiceLevels, { strict: false }), writer, () =>
  promisify(server.getConnections.bind(server))(),
)
writer.answer(END, async () => {
  await app.close()
  monitor.stop()
  counted()
  // After the answer.
  setImmediate(() => process.exit(0))
})
configureHttpServer(app, logger, relay)
await app.init()
releaseStartupMemory()
giveBackWhenIdle()
certificate?.follow(server as unknown as TlsServer, logger)
// The types do not know yet what Node has had since 23.1.
const sharedPort = {
  port: await writer.ask(PORT, undefined),
  host: settings.host,
  backlog: ACCEPT_BACKLOG,
  reusePort: true,
}
await app.listen(sharedPort as unknown as string)
monitor.start()
writer.tell(LISTENING, (server.address() as AddressInfo).port)
