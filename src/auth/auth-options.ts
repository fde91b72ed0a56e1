// Derives from the settings which tokens are accepted and with which keys; in development the server makes the secret.
import type { JwtAlgorithm, Settings } from '../config/settings.js'
import { keptDevelopmentSecret, newDevelopmentSecret } from './development-secret.js'

const LEEWAY_SECONDS = 60

/** An abstract class and not an interface, because Nest injects it by its class. */
export abstract class AuthOptions {
  abstract readonly algorithms: readonly JwtAlgorithm[]
  /** Used for HS256. */
  abstract readonly secret?: string
  /** Used for RS256 and ES256: one key, or the address of a key set that rotates. */
  abstract readonly publicKeyPem?: string
  abstract readonly jwksUrl?: string
  /** The issuer and the audience are checked only when they are given. */
  abstract readonly issuer?: string
  abstract readonly audience?: string
  /** The patterns that `own` is replaced by, with `{id}` for the agent's id; undefined means `OWN_STREAMS`. */
  abstract readonly own?: readonly string[]
  abstract readonly leewaySeconds: number
}

export function authOptionsOf(settings: Settings): AuthOptions {
  const { jwtAlgorithms, jwtSecret, jwtPublicKey, jwtJwksUrl, jwtIssuer, jwtAudience, authOwn } = settings
  const secret = makesItsOwnSecret(settings) ? developmentSecret(settings.dataDir) : jwtSecret
  return {
    algorithms: jwtAlgorithms,
    leewaySeconds: LEEWAY_SECONDS,
    own: authOwn,
    ...(secret === '' ? {} : { secret }),
    ...(jwtPublicKey === '' ? {} : { publicKeyPem: jwtPublicKey }),
    ...(jwtJwksUrl === '' ? {} : { jwksUrl: jwtJwksUrl }),
    ...(jwtIssuer === '' ? {} : { issuer: jwtIssuer }),
    ...(jwtAudience === '' ? {} : { audience: jwtAudience }),
  }
}

/** A new one is kept by whoever starts the server, once it owns the data directory: a start that is refused leaves none. */
function developmentSecret(dataDir: string): string {
  return keptDevelopmentSecret(dataDir)?.secret ?? newDevelopmentSecret()
}

export function makesItsOwnSecret({ env, jwtAlgorithms, jwtSecret }: Settings): boolean {
  return env !== 'production' && jwtAlgorithms.includes('HS256') && jwtSecret === ''
}
