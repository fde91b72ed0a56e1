// What a server does and says for people when it starts: the secret of a development server, and the banner at the end.
import { resolve } from 'node:path'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Logger } from 'pino'
import { developmentToken } from '../api-docs/development-token.js'
import { AuthOptions, makesItsOwnSecret } from '../auth/auth-options.js'
import { adoptDevelopmentSecret, developmentSecretFile, keepDevelopmentSecret } from '../auth/development-secret.js'
import type { Settings } from '../config/settings.js'
import { productVersion } from '../config/version.js'
import { codeOf } from '../contract/errors.js'
import { EventStore } from '../contract/event-store.js'
import type { LogOutput } from '../logging/logger.js'
import { startupBanner } from './startup-banner.js'

/** Before the store is opened, because afterwards nobody can tell a new directory from one that held a store before. */
export function adoptSecret(settings: Settings, logger: Logger): void {
  if (!makesItsOwnSecret(settings)) return
  attempt(logger, () => {
    const from = adoptDevelopmentSecret(settings.dataDir)?.file
    const to = developmentSecretFile(settings.dataDir)
    if (from !== undefined) logger.info({ from, to }, 'the development secret was copied into the data directory')
  })
}

/** After the store is opened: from then on the data directory is known to be good, and this process owns it. */
export function keepSecret(settings: Settings, app: NestFastifyApplication, logger: Logger): void {
  const { secret } = app.get(AuthOptions, { strict: false })
  if (secret === undefined || !makesItsOwnSecret(settings)) return
  attempt(logger, () => keepDevelopmentSecret(settings.dataDir, secret))
}

/** Without the file the server runs, and tokens end with it; what else is wrong with the directory the store says. */
function attempt(logger: Logger, work: () => void): void {
  try {
    work()
  } catch (error) {
    logger.warn({ code: codeOf(error) }, 'the development secret could not be kept: tokens end with this process')
  }
}

interface Speech {
  readonly logger: Logger
  readonly output: LogOutput
  /** Where the server answers. */
  readonly url: string
}

/** The last of a start, behind all that was logged so far, whichever of the two streams a reader looks at. */
export async function greet(
  app: NestFastifyApplication,
  settings: Settings,
  { logger, output, url }: Speech,
): Promise<void> {
  const { env } = settings
  const version = productVersion()
  const store = app.get(EventStore, { strict: false })
  const facts = {
    address: url,
    env,
    version,
    dataDir: resolve(settings.dataDir),
    head: store.head(),
    node: process.versions.node,
  }
  logger.info(facts, 'listening')
  const { stderr } = process
  if (env === 'test' || (env === 'production' && !stderr.isTTY)) return
  const token = await developmentToken(settings, app.get(AuthOptions, { strict: false }))
  const colours = stderr.isTTY && stderr.hasColors()
  await output.flushed()
  stderr.write(startupBanner(settings, { url, version, head: store.head(), token, colours }))
}
