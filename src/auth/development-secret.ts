// Keeps a development server's secret in a file that only its user can read, so that tokens outlive restarts.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const SECRET_BYTES = 32
const NAME = '.lighthouse-development-secret'

export interface KeptSecret {
  readonly secret: string
  readonly file: string
}

/** The file is in the data directory, so that no two stores share a secret. The engine knows its name. */
export function developmentSecretFile(dataDir: string): string {
  return join(resolve(dataDir), NAME)
}

export function newDevelopmentSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

/** The secret in the data directory, whatever lies beside it. */
export function keptDevelopmentSecret(dataDir: string): KeptSecret | undefined {
  return read(developmentSecretFile(dataDir))
}

/** The secret that a server on this data directory verifies tokens with; undefined where none has started yet. */
export function findDevelopmentSecret(dataDir: string): KeptSecret | undefined {
  return keptDevelopmentSecret(dataDir) ?? secretFromBefore(dataDir)
}

/**
 * Earlier versions kept the secret beside the data directory. It is that of every store there which has none of its own,
 * and a directory without a store is new: it must not share the secret of its neighbours.
 */
function secretFromBefore(dataDir: string): KeptSecret | undefined {
  const directory = resolve(dataDir)
  return existsSync(join(directory, 'segments')) ? read(join(dirname(directory), NAME)) : undefined
}

/**
 * Copies a secret from before into the data directory, so that tokens given by it stay good. The file beside the data
 * directory stays too, because other stores there may need it. Returns what was copied.
 */
export function adoptDevelopmentSecret(dataDir: string): KeptSecret | undefined {
  if (keptDevelopmentSecret(dataDir) !== undefined) return undefined
  const found = secretFromBefore(dataDir)
  if (found !== undefined) keepDevelopmentSecret(dataDir, found.secret)
  return found
}

/** Only for who owns the data directory. A file that is there already stays. */
export function keepDevelopmentSecret(dataDir: string, secret: string): void {
  if (keptDevelopmentSecret(dataDir) !== undefined) return
  writeFileSync(developmentSecretFile(dataDir), `${secret}\n`, { mode: 0o600 })
}

function read(file: string): KeptSecret | undefined {
  try {
    const secret = readFileSync(file, 'utf8').trim()
    return secret.length >= SECRET_BYTES ? { secret, file } : undefined
  } catch {
    return undefined
  }
}
