// Opening the store as the settings say: in memory only when an operator wants that, and then the log says what it costs.
import { existsSync, mkdtempSync } from 'node:fs'
import { NestFactory } from '@nestjs/core'
import { configOf } from '../../test/support/config-module.js'
import { removeTempDirectory } from '../../test/support/temp-directory.js'
import { loadSettings } from '../config/load-settings.js'
import { EventStore } from '../contract/event-store.js'
import { StorageModule } from './storage.module.js'

// skip: this machine has no file system in memory
const withMemory = existsSync('/dev/shm') ? test : test.skip

class Whole {}

async function open(directory: string, more: NodeJS.Dict<string> = {}) {
  const settings = loadSettings({ LIGHTHOUSE_ENV: 'test', LIGHTHOUSE_DATA_DIR: directory, ...more })
  const warned: string[] = []
  const note = (message: unknown) => warned.push(JSON.stringify(message))
  const quiet = () => undefined
  const logger = { log: quiet, warn: note, error: quiet, debug: quiet, verbose: quiet }
  const whole = { module: Whole, imports: [configOf(settings), StorageModule] }
  const app = await NestFactory.createApplicationContext(whole, { logger, abortOnError: false })
  return { app, warned }
}

withMemory('a data directory in memory is refused, and the refusal names what would allow it', async () => {
  const directory = mkdtempSync('/dev/shm/lighthouse-test-')
  try {
    await expect(open(directory)).rejects.toMatchObject({ code: 'UNSAFE_FILESYSTEM' })
    const { app, warned } = await open(directory, { LIGHTHOUSE_ALLOW_UNSAFE_FILESYSTEM: 'true' })
    expect(app.get(EventStore).head()).toBe(0)
    expect(warned.join()).toContain('ACKNOWLEDGED EVENTS CAN BE LOST')
    await app.close()
  } finally {
    removeTempDirectory(directory)
  }
})
