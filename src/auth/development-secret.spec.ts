// The secret of a development server: in its data directory, kept, shared with no other store, readable by nobody else.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withTempDirectory } from '../../test/support/temp-directory.js'
import {
  adoptDevelopmentSecret,
  developmentSecretFile,
  findDevelopmentSecret,
  keepDevelopmentSecret,
  newDevelopmentSecret,
} from './development-secret.js'

const old = 'a secret that an earlier version has kept'

/** A store, and beside it the secret of an earlier version. */
function storeFromBefore(place: string): string {
  const directory = join(place, 'data')
  mkdirSync(join(directory, 'segments'), { recursive: true })
  writeFileSync(join(place, '.lighthouse-development-secret'), `${old}\n`)
  return directory
}

test('what is kept is found again, and no later one takes its place', () =>
  withTempDirectory(directory => {
    const secret = newDevelopmentSecret()
    expect(Buffer.byteLength(secret)).toBeGreaterThanOrEqual(32)
    expect(findDevelopmentSecret(directory)).toBeUndefined()
    keepDevelopmentSecret(directory, secret)
    keepDevelopmentSecret(directory, newDevelopmentSecret())
    expect(findDevelopmentSecret(directory)).toEqual({ secret, file: developmentSecretFile(directory) })
    if (process.platform !== 'win32') expect(statSync(developmentSecretFile(directory)).mode & 0o777).toBe(0o600)
  }))

test('looking for one makes none', () =>
  withTempDirectory(directory => {
    expect(findDevelopmentSecret(join(directory, 'data'))).toBeUndefined()
    expect(adoptDevelopmentSecret(join(directory, 'data'))).toBeUndefined()
    expect(existsSync(join(directory, 'data'))).toBe(false)
    expect(existsSync(developmentSecretFile(directory))).toBe(false)
  }))

test('that of an earlier version, beside the directory of a store, stays good and is copied into it once', () =>
  withTempDirectory(place => {
    const directory = storeFromBefore(place)
    expect(findDevelopmentSecret(directory)?.secret).toBe(old)
    expect(adoptDevelopmentSecret(directory)?.file).toBe(join(place, '.lighthouse-development-secret'))
    expect(findDevelopmentSecret(directory)).toEqual({ secret: old, file: developmentSecretFile(directory) })
    expect(adoptDevelopmentSecret(directory)).toBeUndefined()
    expect(existsSync(join(place, '.lighthouse-development-secret'))).toBe(true)
  }))

test('a new store beside it shares it with nobody', () =>
  withTempDirectory(place => {
    storeFromBefore(place)
    expect(findDevelopmentSecret(join(place, 'another'))).toBeUndefined()
    expect(adoptDevelopmentSecret(join(place, 'another'))).toBeUndefined()
  }))
