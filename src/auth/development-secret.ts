// Keeps a development server's secret in a file that only its user can read, so that tokens outlive restarts.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const SECRET_BYTES = 32

/** The file is beside the data directory, because only the log's own files may be in it. */
export function developmentSecretFile(dataDir: string): string {
  return join(resolve(dataDir), '..', '.lighthouse-development-secret')
}

/** Reads the secret, or makes and keeps one if there is none. */
export function developmentSecret(dataDir: string): string {
  const file = developmentSecretFile(dataDir)
  const kept = read(file)
  if (kept !== undefined) return kept
  mkdirSync(join(file, '..'), { recursive: true })
  try {
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    return secret
  } catch (error) {
    // Another process has written the file since it was read; both must use the same secret.
    const made = read(file)
    if (made === undefined) throw error
    return made
  }
}

function read(file: string): string | undefined {
  try {
    const secret = readFileSync(file, 'utf8').trim()
    return secret.length >= SECRET_BYTES ? secret : undefined
  } catch {
    return undefined
  }
}
