// The secret of a development server: made once, kept, and readable by nobody else.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { withTempDirectory } from '../../test/support/temp-directory.js'
import { developmentSecret, developmentSecretFile } from './development-secret.js'

test('it is made once, and the next start finds it', () =>
  withTempDirectory(async directory => {
    const dataDir = join(directory, 'data')
    const secret = developmentSecret(dataDir)
    expect(Buffer.byteLength(secret)).toBeGreaterThanOrEqual(32)
    expect(developmentSecret(dataDir)).toBe(secret)
    expect(readFileSync(developmentSecretFile(dataDir), 'utf8')).toBe(`${secret}\n`)
    if (process.platform !== 'win32') expect(statSync(developmentSecretFile(dataDir)).mode & 0o777).toBe(0o600)
  }))
