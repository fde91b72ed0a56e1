// Contexts: names for servers with the tokens for them, in a file that only its owner may read.
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Variables } from '../../config/load-settings.js'
import { isObject } from '../../contract/check/field-checks.js'
import { codeOf } from '../../contract/errors.js'
import { Usage } from '../usage-error.js'

export interface Context {
  readonly server: string
  /** Absent for a development server, whose secret signs a token for each call. */
  readonly token?: string
}

export interface Contexts {
  readonly current?: string
  readonly contexts: Readonly<Record<string, Context>>
}

export function contextsFile({ XDG_CONFIG_HOME: home, HOME }: Variables): string {
  const folder = home === undefined || home === '' ? join(HOME ?? homedir(), '.config') : home
  return join(folder, 'lighthouse', 'contexts.json')
}

export function readContexts(env: Variables): Contexts {
  const file = contextsFile(env)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { contexts: {} }
    throw error
  }
  const kept = parsed(text)
  if (!isObject(kept) || !isObject(kept['contexts'])) throw new Usage(`${file} is not whole: mend or remove it`)
  return kept as unknown as Contexts
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The file is whole at every moment, and never readable for others, because it holds tokens. */
export function writeContexts(env: Variables, contexts: Contexts): void {
  const file = contextsFile(env)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const next = `${file}.${process.pid}`
  writeFileSync(next, `${JSON.stringify(contexts, undefined, 2)}\n`, { mode: 0o600 })
  chmodSync(next, 0o600)
  renameSync(next, file)
}

export function contextNamed(env: Variables, name: string): Context {
  const { contexts } = readContexts(env)
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined
  if (found !== undefined) return found
  const known = Object.keys(contexts).join(', ')
  throw new Usage(
    `there is no context ${name}${known === '' ? '; lighthouse context add makes one' : `, only ${known}`}`,
  )
}
