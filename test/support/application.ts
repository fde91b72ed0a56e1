// The application as it is, put together but not listening, for whoever asks it what routes it has.
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { serverOf } from '../../src/app.module.js'
import { loadSettings } from '../../src/config/load-settings.js'
import { createLogger } from '../../src/logging/logger.js'
import { createHttpAdapter } from '../../src/server/http-server.js'
import { withTempDirectory } from './temp-directory.js'

export function withApplication<T>(work: (app: NestFastifyApplication) => T | Promise<T>): Promise<T> {
  return withTempDirectory(async directory => {
    const secret = { LIGHTHOUSE_JWT_SECRET: 'a secret for looking at routes only' }
    const settings = loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_DATA_DIR: directory, ...secret })
    const server = serverOf(settings, createLogger('silent', { write: () => undefined }))
    const app = await NestFactory.create<NestFastifyApplication>(server, createHttpAdapter(), {
      logger: false,
      abortOnError: false,
      bodyParser: false,
    })
    try {
      return await work(app)
    } finally {
      await app.close()
    }
  })
}
