// The whole server as it is, listening on a free port in this process, over whatever backend a test gives it.
import { Logger } from '@nestjs/common'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { serverOf } from '../../src/app.module.js'
import type { Disk } from '../../src/backends/embedded/engine/disk/disk.js'
import type { EmbeddedOptions } from '../../src/backends/embedded/options.js'
import { loadSettings } from '../../src/config/load-settings.js'
import { EventStore } from '../../src/contract/event-store.js'
import { ModeHolder } from '../../src/degradation/mode-holder.js'
import { createLogger } from '../../src/logging/logger.js'
import { Metrics } from '../../src/metrics/metrics.js'
import { ServiceLevels } from '../../src/monitors/service-levels.js'
import { configureHttpServer, createHttpAdapter } from '../../src/server/http-server.js'
import { Signals } from '../../src/signals/signals.js'
import { type BackendOptions, OpenStore, openStore } from '../../src/storage/open-store.js'
import { PLENTY_FOR_ALL } from './http-server-under-test.js'
import { TEST_SECRET } from './running-server.js'
import { makeTempDirectory, removeTempDirectory } from './temp-directory.js'

export interface ServerInProcess {
  readonly url: string
  readonly store: EventStore
  stop(): Promise<void>
}

export function startOn(
  disk: Disk,
  options: Partial<EmbeddedOptions> & Pick<EmbeddedOptions, 'directory'>,
): Promise<ServerInProcess> {
  return serveOver({ backend: 'embedded', nodeId: 'n1', disk, ...options }, options.directory)
}

/** The server as it is, but what it acknowledges ends with it: to test against where nothing need outlive the test. */
export async function startFakeServer(): Promise<ServerInProcess> {
  const directory = makeTempDirectory()
  const server = await serveOver({ backend: 'memory', nodeId: 'n1' }, directory)
  const stop = () => server.stop().finally(() => removeTempDirectory(directory))
  return { ...server, stop }
}

async function serveOver(backend: BackendOptions, directory: string): Promise<ServerInProcess> {
  const base = loadSettings({
    LIGHTHOUSE_ENV: 'test',
    LIGHTHOUSE_DATA_DIR: directory,
    LIGHTHOUSE_JWT_SECRET: TEST_SECRET,
  })
  const settings = { ...base, quotas: PLENTY_FOR_ALL }
  const logger = createLogger('silent', { write: () => undefined })
  const open = (metrics: Metrics, mode: ModeHolder, signals: Signals, levels: ServiceLevels) =>
    openStore(backend, { logger: new Logger('storage'), metrics, mode, signals, levels })
  const compiled = await Test.createTestingModule({ imports: [serverOf(settings, logger)] })
    .overrideProvider(OpenStore)
    .useFactory({ factory: open, inject: [Metrics, ModeHolder, Signals, ServiceLevels] })
    .compile()
  const app = compiled.createNestApplication<NestFastifyApplication>(createHttpAdapter(), {
    logger: false,
    bodyParser: false,
  })
  configureHttpServer(app, logger)
  await app.listen(0, '127.0.0.1')
  return { url: await app.getUrl(), store: app.get(EventStore, { strict: false }), stop: () => app.close() }
}
