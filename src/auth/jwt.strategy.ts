// The strategy of passport that takes our tokens: finds the key a token names, and checks its signature, issuer and audience.
import { PassportStrategy } from '@nestjs/passport'
import passport from 'passport'
import { Strategy } from 'passport-jwt'
import type { AuthOptions } from './auth-options.js'
import type { TokenKeys } from './token-keys.js'

/** What stands for a request: a token comes from a header as well as from a frame. */
export interface PresentedToken {
  readonly token: string
}

export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor({ algorithms, issuer, audience }: AuthOptions, keys: TokenKeys) {
    super({
      jwtFromRequest: request => (request as unknown as PresentedToken).token,
      secretOrKeyProvider: (_request, token, done) => {
        const found = keys.ofToken(token)
        if (found instanceof Promise) found.then(key => done(null, key as never)).catch(done)
        else done(null, found as never)
      },
      algorithms: [...algorithms],
      // Times are checked in expiryOf, by the clock of the tokens.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true } as never,
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    })
  }

  /** Whoever asks makes of the claims what it needs. */
  validate(claims: unknown): unknown {
    return claims
  }

  /** Passport's own registry is one for the process: of two servers in it, the later would judge the tokens of both. */
  getPassportInstance(): passport.Authenticator {
    return new passport.Authenticator()
  }
}
