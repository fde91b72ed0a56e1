// The secret a development server makes for itself: kept in a file that only its user can read, so that tokens outlive restarts.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const SECRET_BYTES = 32

/** Beside the data directory and not in it: what lies in there is the log's alone. */
export function developmentSecretFile(dataDir: string): string {
  return join(resolve(dataDir), '..', '.lighthouse-development-secret')
}

/** Read if it is there, else made. */
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
    // Another process was faster; then its secret is ours.
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
