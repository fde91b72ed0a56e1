// What the settings say about tokens: which are taken, and with which keys. In development the secret is the server's own.
import type { JwtAlgorithm, Settings } from '../config/settings.js'
import { developmentSecret } from './development-secret.js'

const LEEWAY_SECONDS = 60

/** Also the token it is injected by. */
export abstract class AuthOptions {
  abstract readonly algorithms: readonly JwtAlgorithm[]
  /** For HS256. */
  abstract readonly secret?: string
  /** For RS256 or ES256: one key, or the address of a set of keys that rotate. */
  abstract readonly publicKeyPem?: string
  abstract readonly jwksUrl?: string
  /** Checked when given. */
  abstract readonly issuer?: string
  abstract readonly audience?: string
  /** What `own` stands for, with `{id}` for the agent's id; as Access has it when left out. */
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

export function makesItsOwnSecret({ env, jwtAlgorithms, jwtSecret }: Settings): boolean {
  return env !== 'production' && jwtAlgorithms.includes('HS256') && jwtSecret === ''
}
