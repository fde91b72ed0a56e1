// A server as a developer starts it, in this process: no settings but a directory and a free port of the loopback address.
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { ApiDocsOptions } from '../../src/api-docs/docs.controller.js'
import { serverOf } from '../../src/app.module.js'
import { loadSettings } from '../../src/config/load-settings.js'
import { createLogger } from '../../src/logging/logger.js'
import { HeapSnapshots } from '../../src/operations/heap/heap-snapshots.service.js'
import { configureHttpServer, createHttpAdapter } from '../../src/server/http-server.js'
import { makeTempDirectory, removeTempDirectory } from './temp-directory.js'

export interface DevelopmentServer {
  /** The token that its page fills in. */
  readonly token: string
  readonly port: number
  /** Any Host can be sent with it, which `fetch` does not allow. */
  ask(path: string, headers?: NodeJS.Dict<string>, method?: string): Promise<DevelopmentAnswer>
  stop(): Promise<void>
}

interface DevelopmentAnswer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

export async function startDevelopmentServer(more: NodeJS.Dict<string> = {}): Promise<DevelopmentServer> {
  const directory = makeTempDirectory()
  const settings = loadSettings({
    LIGHTHOUSE_ENV: 'development',
    LIGHTHOUSE_PORT: '0',
    LIGHTHOUSE_DATA_DIR: join(directory, 'data'),
    ...more,
  })
  const logger = createLogger('silent', { write: () => undefined })
  const app = await NestFactory.create<NestFastifyApplication>(serverOf(settings, logger), createHttpAdapter(), {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  })
  // The heap of a test runner takes minutes to write. A server of its own writes a real one where each button is pressed.
  app.get(HeapSnapshots, { strict: false }).write = path => writeFileSync(path, '{}')
  configureHttpServer(app, logger)
  const token = app.get(ApiDocsOptions, { strict: false }).developmentToken as string
  await app.listen(0, '127.0.0.1')
  const port = Number(new URL(await app.getUrl()).port)
  const ask: DevelopmentServer['ask'] = (path, headers = {}, method = 'GET') =>
    new Promise((resolve, failed) => {
      const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, async answer => {
        let body = ''
        for await (const part of answer.setEncoding('utf8')) body += part
        resolve({ status: answer.statusCode as number, headers: answer.headers, body })
      })
      // An upgrade that is granted is all there is to see.
      asked.on('upgrade', (answer, socket) => {
        socket.destroy()
        resolve({ status: answer.statusCode as number, headers: answer.headers, body: '' })
      })
      asked.on('error', failed).end()
    })
  const stop = async () => {
    await app.close()
    removeTempDirectory(directory)
  }
  return { token, port, ask, stop }
}
