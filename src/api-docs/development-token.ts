// Makes the token that a development server gives to a user on its own machine.
import type { AuthOptions } from '../auth/auth-options.js'
import { makesItsOwnSecret } from '../auth/auth-options.js'
import { signToken } from '../auth/sign-token.js'
import type { Settings } from '../config/settings.js'
import { isLoopbackAddress } from '../wire/allowed-hosts.js'

export const DEVELOPMENT_TOKEN_DAYS = 7

/** Given away only by a development server on a loopback address, and only when it made the signing secret itself. */
export async function developmentToken(settings: Settings, options: AuthOptions): Promise<string | undefined> {
  const { secret, issuer, audience } = options
  const { env, host } = settings
  if (env !== 'development' || !isLoopbackAddress(host) || !makesItsOwnSecret(settings) || secret === undefined)
    return undefined
  return signToken(
    {
      agentId: 'developer',
      role: 'admin',
      expiresInSeconds: DEVELOPMENT_TOKEN_DAYS * 86_400,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    },
    secret,
  )
}
