// `lighthouse token`: signs a token with the secret that the server on this machine verifies with.
import { parseArgs } from 'node:util'
import { type Permissions, ROLES, SCOPES } from '../auth/access.js'
import { developmentSecret } from '../auth/development-secret.js'
import { signToken } from '../auth/sign-token.js'
import type { Settings } from '../config/settings.js'
import { agentFault, streamGlobFault } from '../contract/check/check-names.js'

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
const LONGEST_SECONDS = 366 * 86_400

/** Throws an Error whose message names the wrong argument, for the person who typed it. */
export async function token(args: readonly string[], settings: Settings): Promise<string> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      agent: { type: 'string' },
      role: { type: 'string', default: 'agent' },
      expires: { type: 'string', default: '1h' },
      permissions: { type: 'string' },
    },
  })
  const secret = secretOf(settings)
  if (values.agent === undefined || agentFault(values.agent) !== undefined || values.agent.startsWith('$'))
    throw new Error('--agent takes the name of an agent, such as builder-1')
  const role = ROLES.find(known => known === values.role)
  if (role === undefined) throw new Error(`--role takes one of ${ROLES.join(', ')}`)
  const wish = {
    agentId: values.agent,
    role,
    expiresInSeconds: secondsOf(values.expires),
    ...(values.permissions === undefined ? {} : { permissions: permissionsOf(values.permissions) }),
    ...(settings.jwtIssuer === '' ? {} : { issuer: settings.jwtIssuer }),
    ...(settings.jwtAudience === '' ? {} : { audience: settings.jwtAudience }),
  }
  return signToken(wish, secret)
}

function secretOf({ jwtAlgorithms, jwtSecret, env, dataDir }: Settings): string {
  if (!jwtAlgorithms.includes('HS256'))
    throw new Error(`tokens are signed with ${jwtAlgorithms.join(' or ')} here; your identity provider makes them`)
  if (jwtSecret !== '') return jwtSecret
  if (env !== 'production') return developmentSecret(dataDir)
  throw new Error('there is no secret to sign with: set LIGHTHOUSE_JWT_SECRET or LIGHTHOUSE_JWT_SECRET_FILE')
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
