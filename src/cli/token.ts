// `lighthouse token`: signs a token with the secret that the server on this machine verifies with.
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Permissions, ROLES, SCOPES } from '../auth/access.js'
import { developmentSecretFile, findDevelopmentSecret, type KeptSecret } from '../auth/development-secret.js'
import { signToken } from '../auth/sign-token.js'
import { loadSettings, originsOfSettings, type Variables } from '../config/load-settings.js'
import type { Layer } from '../config/parse-settings.js'
import type { Settings } from '../config/settings.js'
import { agentFault, streamGlobFault } from '../contract/check/check-names.js'
import { NoSecret } from './usage-error.js'

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
const LONGEST_SECONDS = 366 * 86_400
/** A token of a development server lasts as long as somebody may be reading and trying things out. */
const USUAL_TIME = { production: '1h', development: '12h', test: '12h' }

/** A clone's `npm start` runs in its own folder, whatever folder this command is called from. */
const cloneFolder = fileURLToPath(new URL('../..', import.meta.url))

/**
 * `say` is told by which secret, and until when the token is good. Throws NoSecret, or an Error whose message names the
 * wrong argument, for the person who typed it.
 */
export async function token(
  args: readonly string[],
  variables: Variables,
  say: (text: string) => void,
): Promise<string> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      agent: { type: 'string' },
      role: { type: 'string', default: 'agent' },
      expires: { type: 'string' },
      permissions: { type: 'string' },
      data: { type: 'string' },
    },
  })
  const { settings, directories } = placesOf(variables, values.data)
  if (values.agent === undefined || agentFault(values.agent) !== undefined || values.agent.startsWith('$'))
    throw new Error('--agent takes the name of an agent, such as builder-1')
  const role = ROLES.find(known => known === values.role)
  if (role === undefined) throw new Error(`--role takes one of ${ROLES.join(', ')}`)
  const time = values.expires ?? USUAL_TIME[settings.env]
  const wish = {
    agentId: values.agent,
    role,
    expiresInSeconds: secondsOf(time),
    ...(values.permissions === undefined ? {} : { permissions: permissionsOf(values.permissions) }),
    ...(settings.jwtIssuer === '' ? {} : { issuer: settings.jwtIssuer }),
    ...(settings.jwtAudience === '' ? {} : { audience: settings.jwtAudience }),
  }
  const { secret, file } = secretOf(settings, directories)
  const signed = await signToken(wish, secret)
  const end = new Date(Date.now() + wish.expiresInSeconds * 1_000).toISOString().slice(0, 16).replace('T', ' ')
  say(`signed with ${file}; good for ${time}, until ${end} UTC`)
  return signed
}

interface Places {
  readonly settings: Settings
  /** Where the development server of this machine may keep its data, the likeliest first. */
  readonly directories: readonly string[]
}

function placesOf(variables: Variables, data: string | undefined): Places {
  const flags: Layer =
    data === undefined ? new Map() : new Map([['dataDir', { origin: 'flag', source: '--data', value: data }]])
  const settings = loadSettings(variables, undefined, flags)
  const here = resolve(settings.dataDir)
  const said = originsOfSettings(variables, undefined, flags).get('dataDir')?.origin
  const chosen = said === 'flag' || said === 'environment'
  return { settings, directories: chosen ? [here] : [...new Set([here, join(cloneFolder, settings.dataDir)])] }
}

function secretOf({ jwtAlgorithms, jwtSecret, env }: Settings, directories: readonly string[]): KeptSecret {
  if (!jwtAlgorithms.includes('HS256'))
    throw new Error(`tokens are signed with ${jwtAlgorithms.join(' or ')} here; your identity provider makes them`)
  if (jwtSecret !== '') return { secret: jwtSecret, file: 'the configured secret (LIGHTHOUSE_JWT_SECRET)' }
  if (env === 'production')
    throw new Error('there is no secret to sign with: set LIGHTHOUSE_JWT_SECRET or LIGHTHOUSE_JWT_SECRET_FILE')
  for (const directory of directories) {
    const found = findDevelopmentSecret(directory)
    if (found !== undefined) return found
  }
  const looked = directories.map(directory => `there is no ${developmentSecretFile(directory)}`).join(',\n  and ')
  throw new NoSecret(
    `There is no secret to sign with: no development server has started there\n  ${looked}\nNext: start the server first, or name its data directory: --data DIR (or LIGHTHOUSE_DATA_DIR).`,
  )
}

function secondsOf(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * (SECONDS[unit ?? ''] ?? Number.NaN)
  if (seconds >= 1 && seconds <= LONGEST_SECONDS) return seconds
  throw new Error('--expires takes a time such as 30m, 12h or 7d, at most 366d')
}

function permissionsOf(text: string): Permissions {
  const wrong = `--permissions takes JSON such as {"events.read":["own"]}, with scopes of ${SCOPES.join(', ')}`
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw new Error(wrong)
  }
  const known: readonly string[] = SCOPES
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error(wrong)
  for (const [scope, patterns] of Object.entries(given)) {
    const fits = Array.isArray(patterns) && patterns.every(pattern => streamGlobFault(pattern) === undefined)
    if (!known.includes(scope) || !fits) throw new Error(wrong)
  }
  return given as Permissions
}
