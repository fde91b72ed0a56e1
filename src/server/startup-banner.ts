// From the settings to how tokens are verified: in development with a secret of the server's own making.
import type { AuthOptions } from '../auth/auth-options.js'
import { developmentSecret } from '../auth/development-secret.js'
import { signToken } from '../auth/sign-token.js'
import type { Settings } from '../config/settings.js'
import { isLoopbackAddress } from '../wire/allowed-hosts.js'

const LEEWAY_SECONDS = 60
const DAY_SECONDS = 86_400

export function authOptionsOf(settings: Settings): AuthOptions {
  const { jwtAlgorithms, jwtSecret, jwtPublicKey, jwtJwksUrl, jwtIssuer, jwtAudience } = settings
  const { quotas, workLimits, authOwn: own } = settings
  const secret = makesItsOwnSecret(settings) ? developmentSecret(settings.dataDir) : jwtSecret
  return {
    ...{ algorithms: jwtAlgorithms, leewaySeconds: LEEWAY_SECONDS, own, quotas, workLimits },
    ...(secret === '' ? {} : { secret }),
    ...(jwtPublicKey === '' ? {} : { publicKeyPem: jwtPublicKey }),
    ...(jwtJwksUrl === '' ? {} : { jwksUrl: jwtJwksUrl }),
    ...(jwtIssuer === '' ? {} : { issuer: jwtIssuer }),
    ...(jwtAudience === '' ? {} : { audience: jwtAudience }),
  }
}

function makesItsOwnSecret({ env, jwtAlgorithms, jwtSecret }: Settings): boolean {
  return env !== 'production' && jwtAlgorithms.includes('HS256') && jwtSecret === ''
}

/** For whoever sits at the machine: only a development server on a loopback address gives one away. */
export async function developmentToken(settings: Settings, { secret }: AuthOptions): Promise<string | undefined> {
  const { env, host, jwtIssuer, jwtAudience } = settings
  if (env !== 'development' || !isLoopbackAddress(host) || !makesItsOwnSecret(settings) || secret === undefined)
    return undefined
  const wish = { agentId: 'developer', role: 'system_agent' as const, expiresInSeconds: 7 * DAY_SECONDS }
  const names = {
    ...(jwtIssuer === '' ? {} : { issuer: jwtIssuer }),
    ...(jwtAudience === '' ? {} : { audience: jwtAudience }),
  }
  return signToken({ ...wish, ...names }, secret)
}

export function greeting(url: string, token: string): string {
  const event = `'{"type":"Greeting","stream":"agent_developer","data":{"text":"hello"}}'`
  return `
Lighthouse is ready at ${url}, in development. It made its own secret; this token is good for a week:

  export TOKEN=${token}

  curl -s ${url}/v1/events -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d ${event}
  curl -s ${url}/v1/events -H "authorization: Bearer $TOKEN"

The API: ${url}/docs

`
}
