// Loads the settings of this process from config/*.yaml, LIGHTHOUSE_* variables, the files that these name, and flags.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type Layer, type Origin, parseSettings, type RawValue } from './parse-settings.js'
import { environments, type Settings, type SettingTable, settingTable } from './settings.js'

export type Variables = Readonly<Record<string, string | undefined>>

// src and dist are equally deep, so this path leads to the repository's folder from both.
const configFolder = fileURLToPath(new URL('../../config/', import.meta.url))

const settings = Object.entries(settingTable)

/** What no command line has set. */
const NO_FLAGS: Layer = new Map()

export function loadSettings(variables: Variables, folder = configFolder, flags = NO_FLAGS): Settings {
  const problems: string[] = []
  const layers = [...layersOf(variables, folder, problems), flags] as const
  if (layers[0].get('env')?.value === 'production') requireKey(layers, problems)
  requireBackup(layers, problems)
  requireWholePair(layers, problems)
  return parseSettings(settingTable, layers, problems)
}

/** Where each value in force comes from: the kind of place, and its name. */
export function originsOfSettings(
  variables: Variables,
  folder = configFolder,
  flags = NO_FLAGS,
): ReadonlyMap<string, RawValue> {
  const layers = [...layersOf(variables, folder, []), flags]
  return new Map(layers.flatMap(layer => [...layer]))
}

/** Loads only the named settings, for commands that must not fail because another one, such as a secret, is missing. */
export function loadSome<K extends keyof Settings>(
  names: readonly K[],
  variables: Variables,
  folder = configFolder,
): Readonly<Pick<Settings, K>> {
  const problems: string[] = []
  const layers = layersOf(variables, folder, problems)
  const table = Object.fromEntries(names.map(name => [name, settingTable[name]])) as SettingTable<Pick<Settings, K>>
  return parseSettings(table, layers, problems)
}

/** A later layer overrides those before it. The first holds the environment alone, which chooses the second file. */
function layersOf(variables: Variables, folder: string, problems: string[]): [Layer, ...Layer[]] {
  const fromVariables = readVariables(variables, problems)
  const env: RawValue = fromVariables.get('env') ?? {
    origin: 'default',
    source: 'LIGHTHOUSE_ENV',
    value: 'development',
  }
  const layers: [Layer, ...Layer[]] = [new Map([['env', env]]), readYaml(folder, 'default', problems)]
  // A wrong environment is reported once, by the parser, and not again as a missing file.
  if (environments.some(known => known === env.value)) layers.push(readYaml(folder, String(env.value), problems))
  layers.push(fromVariables)
  return layers
}

/** Only a server that others cannot reach may make its own secret, so production must be given a key. */
function requireKey(layers: readonly Layer[], problems: string[]): void {
  const given = (name: string) => ![undefined, ''].includes(inForce(layers, name) as string)
  if (['jwtSecret', 'jwtPublicKey', 'jwtJwksUrl'].some(given)) return
  problems.push(
    'LIGHTHOUSE_JWT_SECRET: production needs a secret (or LIGHTHOUSE_JWT_PUBLIC_KEY, LIGHTHOUSE_JWT_JWKS_URL) to know tokens by',
  )
}

/** Nothing is removed for want of room unless a backup has it, so without one the setting would do nothing. */
function requireBackup(layers: readonly Layer[], problems: string[]): void {
  const days = inForce(layers, 'cleanUpDays')
  if (Number(days) > 0 && (inForce(layers, 'restoreFrom') ?? '') === '')
    problems.push('LIGHTHOUSE_CLEAN_UP_DAYS: needs the backup that LIGHTHOUSE_RESTORE_FROM names')
}

/** A certificate without its key, or the other way round, would leave a server that was meant to encrypt in the clear. */
function requireWholePair(layers: readonly Layer[], problems: string[]): void {
  const given = (name: string) => (inForce(layers, name) ?? '') !== ''
  if (given('tlsCertPath') === given('tlsKeyPath')) return
  const missing = given('tlsCertPath') ? 'LIGHTHOUSE_TLS_KEY_PATH' : 'LIGHTHOUSE_TLS_CERT_PATH'
  problems.push(`${missing}: is needed too, for TLS needs a certificate and its key`)
}

function inForce(layers: readonly Layer[], name: string): unknown {
  return layers.findLast(layer => layer.has(name))?.get(name)?.value
}

/** Variables with our prefix that set nothing: they are misspelt or meant for another version. */
/** Variables of the command line, which somebody who uses it has set in the shell that a server is started from. */
const OF_COMMANDS = ['LIGHTHOUSE_URL', 'LIGHTHOUSE_TOKEN']

export function unknownVariables(variables: Variables): string[] {
  const known = new Set([...OF_COMMANDS, ...settings.flatMap(([, { variable }]) => [variable, `${variable}_FILE`])])
  return Object.keys(variables).filter(name => name.startsWith('LIGHTHOUSE_') && !known.has(name))
}

function readVariables(variables: Variables, problems: string[]): Layer {
  const layer = new Map<string, RawValue>()
  for (const [name, { variable }] of settings) {
    const value = variables[variable]
    const file = variables[`${variable}_FILE`]
    if (value !== undefined && file !== undefined)
      problems.push(`${variable}: is set twice, here and as ${variable}_FILE`)
    if (value !== undefined) layer.set(name, { origin: 'environment', source: variable, value })
    else if (file !== undefined) readSecret(`${variable}_FILE`, file, problems, raw => layer.set(name, raw))
  }
  return layer
}

/** A mounted secret usually ends with a line break that is not part of it. */
function readSecret(source: string, path: string, problems: string[], take: (raw: RawValue) => void): void {
  try {
    take({ origin: 'environment', source, value: readFileSync(path, 'utf8').replace(/\r?\n$/, '') })
  } catch (error) {
    problems.push(`${source}: the file cannot be read (${reasonOf(error)})`)
  }
}

function readYaml(folder: string, name: string, problems: string[]): Layer {
  const layer = new Map<string, RawValue>()
  const file = `config/${name}.yaml`
  const origin: Origin = name === 'default' ? 'default' : 'file'
  try {
    const content: unknown = parse(readFileSync(join(folder, `${name}.yaml`), 'utf8')) ?? {}
    if (typeof content !== 'object' || Array.isArray(content)) throw new Error('it holds no settings')
    for (const [key, value] of Object.entries(content as object)) {
      if (key === 'env' || !Object.hasOwn(settingTable, key)) problems.push(`${file}: there is no setting ${key}`)
      else layer.set(key, { origin, source: `${key} in ${file}`, value })
    }
  } catch (error) {
    problems.push(`${file}: the file cannot be used (${reasonOf(error)})`)
  }
  return layer
}

/** The code of a system error, else only the first line, because the rest of a parser's message quotes the file. */
function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as { code?: unknown; message?: string }
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : (message.split('\n')[0] ?? '')
}
