// The one global module over settings that a test gives, with a logger that says nothing.
import type { DynamicModule } from '@nestjs/common'
import { ConfigModule } from '../../src/config/config.module.js'
import type { Settings } from '../../src/config/settings.js'
import { createLogger } from '../../src/logging/logger.js'

export function configOf(settings: Settings): DynamicModule {
  return ConfigModule.of(settings, createLogger('silent', { write: () => undefined }))
}
